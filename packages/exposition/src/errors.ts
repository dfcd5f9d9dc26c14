/** A body that is not what its content type says. `offset` counts bytes from the start of the body, `line` from 1. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError'
  readonly offset: number
  readonly line: number

  constructor(message: string, offset: number, line: number) {
    super(message)
    this.offset = offset
    this.line = line
  }
}
