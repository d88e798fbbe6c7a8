/** YAML from outside, whose depth is bounded while it is read. */
import { Composer, type Document, Lexer, Parser } from "yaml";

/** Each map and list takes two levels or less; what is read here has five or six of them. */
const deepestYaml = 128;

/**
 * The first document of a YAML text, with every plain word as text: ids such as `1e34` are no
 * numbers. The package's own `parseDocument` overflows the stack on 1000 levels ("- - - ..."), and a
 * pattern that it compiles then may end the process.
 * Throws an error without a code for text that is no YAML or is nested too deeply.
 */
export function parseBoundedYaml(text: string): Document.Parsed {
  const parser = new Parser();
  const composer = new Composer({ schema: "failsafe", logLevel: "silent", prettyErrors: false });
  const [document] = composer.compose(tokens(), true, text.length);
  const fault = document?.errors[0];
  if (!document || fault) throw fault ?? new SyntaxError("no document");
  return document;

  function* tokens() {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > deepestYaml) throw new SyntaxError("YAML nested too deeply");
    }
    yield* parser.end();
  }
}
