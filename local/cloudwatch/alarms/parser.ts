import jsep from 'jsep';

// jsep keeps its operators for the whole process; these are those of metric math and of composite alarms in addition to its own.
jsep.addBinaryOp('OR', 1);
jsep.addBinaryOp('AND', 2);
jsep.addUnaryOp('NOT');
jsep.addBinaryOp('^', 11, true);

/** Parses an expression of metric math or the rule of a composite alarm; throws on any other text. */
export function parseExpression(text: string): jsep.CoreExpression {
  try {
    return jsep(text) as jsep.CoreExpression;
  } catch (error) {
    throw new Error(`cannot parse the expression ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}
