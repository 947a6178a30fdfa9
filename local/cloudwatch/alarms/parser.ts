import jsep from 'jsep';

// Adds operators of metric math and of composite alarms that the parser jsep does not have by default. jsep stores its operators
// globally, so they apply to all expressions that this process parses.
jsep.addBinaryOp('OR', 1);
jsep.addBinaryOp('AND', 2);
jsep.addUnaryOp('NOT');
jsep.addBinaryOp('^', 11, true);

/** Parses an expression of CloudWatch metric math or the rule of a composite alarm. Throws on a text that jsep cannot parse. */
export function parseExpression(text: string): jsep.CoreExpression {
  try {
    return jsep(text) as jsep.CoreExpression;
  } catch (error) {
    throw new Error(`cannot parse the expression ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}
