import { globSync, readFileSync } from 'node:fs';
import { parseSync, Visitor } from 'oxc-parser';

/** Words that are refused because they made sentences hard to read, and what to write instead. */
const WORDS: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\bwho(?:so)?ever\b/i, 'name the person or thing'],
  [/\bwhom\b/i, 'name the thing, or write a shorter sentence'],
  [/\bnobody\b/i, 'name what is missing: "no provider", "no worker", "not known"'],
  [/\bsomebody\b/i, 'name the person or thing'],
  [/\banew\b/i, '"again"'],
  [/\bcame to\b/i, '"outcome" or "result"'],
  [
    /\bthat one(?=[.,;:)]|$|\s+(?:is|was|has|had|does|did|may|can|will|knows|says|takes|alone|too|only|which|and|or|but|at|for)\b)/i,
    'name the thing',
  ],
  [/\bof that one\b/i, 'name the thing'],
  [/\bthis one\b/i, 'name the thing'],
  [/\bso many\b/i, 'the number, or "a number of"'],
  [/\bbesides\b/i, '"also", "other than" or "apart from"'],
  [/\bin hand\b/i, '"claimed" or "in progress"'],
  [/\bin vain\b/i, '"without success", or what failed'],
  [/\b(?:hears?|heard)\b/i, '"is counted", "raises an alarm", "gets"'],
  [/\bspeaks?\b/i, '"is raised", "reports"'],
  [/\bstrikes?\b/i, '"applies", "happens"'],
  [/\bmend(?:s|ed|ing)?\b/i, '"repair" or "correct"'],
  [/\b(?:dies|died)\b/i, '"crashes", "ends" or "was killed"'],
  [/\b(?:believed?|believes)\b/i, '"trust" or "use"'],
  [/\bbut for\b/i, '"except" or "without"'],
  [/\bheld against\b/i, '"compared with"'],
  [/\bgo(?:es)? round\b/i, '"circulates"'],
  [/\b(?:wherein|thereby|therein|whatsoever|whilst|lest)\b/i, 'a shorter sentence'],
];

const SOURCES = '{bin,consumer,lib,lambda,local,cli,scripts,bench,chaos,test,.ci}/**/*.{ts,js}';
const PAGES = ['*.md', 'docs/**/*.md'];

/** Files in which a refused word is allowed, as `file: word`. */
const ALLOWED: ReadonlySet<string> = new Set([]);

/** A piece of text with its position in a file. */
interface Passage {
  readonly start: number;
  readonly text: string;
}

/**
 * Returns the comments of a source file, and all strings of at least three words, such as error messages, test titles and alarm
 * texts.
 */
function passagesOf(file: string, source: string): Passage[] {
  const { program, comments } = parseSync(file, source);
  const passages: Passage[] = comments.map(({ start, value }) => ({ start, text: value }));
  const add = (start: number, text: string) => text.trim().split(/\s+/).length >= 3 && passages.push({ start, text });
  new Visitor({
    Literal: (node) => typeof node.value === 'string' && add(node.start, node.value),
    TemplateElement: (node) => add(node.start, node.value.raw),
  }).visit(program);
  return passages;
}

/** Returns the prose of a page: code is replaced by spaces of the same length. */
function proseOf(page: string): Passage[] {
  const blank = (code: string) => code.replaceAll(/[^\n]/g, ' ');
  return [{ start: 0, text: page.replaceAll(/^```[\s\S]*?^```/gm, blank).replaceAll(/`[^`\n]*`/g, blank) }];
}

/** Returns the refused words of one file as lines `file:line: "word": what to write instead`. */
function findings(file: string): string[] {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const passages = file.endsWith('.md') ? proseOf(text) : passagesOf(file, text);
  return passages.flatMap((passage) =>
    WORDS.flatMap(([word, instead]) =>
      [...passage.text.matchAll(new RegExp(word, 'gi'))]
        .filter(([found]) => !ALLOWED.has(`${file}: ${found.toLowerCase()}`))
        .map(({ 0: found, index }) => {
          const line = text.slice(0, passage.start + index).split('\n').length;
          return `${file}:${line}: "${found}": ${instead}`;
        }),
    ),
  );
}

// This script refuses the words above in comments, messages and pages. It is a part of `npm run check`.
const cwd = new URL('..', import.meta.url).pathname;
const files = globSync([SOURCES, ...PAGES], { cwd, exclude: ['**/node_modules/**', '**/fixtures/**'] }).sort();
const found = files.flatMap(findings);
for (const line of found) console.error(line);
if (found.length > 0) process.exitCode = 1;
