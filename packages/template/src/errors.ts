/** A template that does not parse or fails while running; the message is the one Go gives, position included. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/** A template that ran into a bound of ours (output, steps, depth). Also a {@link TemplateError}. */
export class TemplateLimitError extends TemplateError {}

/** What a template function throws for bad input; the executor adds the position and `error calling f:`. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError'
}
