/** Statuses of Grafana's API that tell clients what to do about a refusal. */
export type Refusal =
  | 'not-found'
  | 'version-mismatch'
  | 'name-exists'
  | 'empty-name'
  | 'uid-exists'
  | 'invalid'
  | 'read-only'
  | 'too-large'

/** A request to the stores that cannot be done; `message` is for the user, `refusal` for programs. */
export class DashboardError extends Error {
  override readonly name = 'DashboardError'
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string, options?: ErrorOptions) {
    super(message, options)
    this.refusal = refusal
  }
}
