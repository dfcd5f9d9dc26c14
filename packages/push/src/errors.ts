/** A push that cannot be taken; the text is the Pushgateway's where it has one. */
export class PushError extends Error {
  override readonly name = 'PushError'
  readonly status: 400 | 405 | 413 | 415 | 503

  constructor(status: PushError['status'], message: string) {
    super(message)
    this.status = status
  }
}
