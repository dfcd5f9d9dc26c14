/** A message that is not what its protocol says; the sender must not send it again. */
export class WireError extends Error {
  override readonly name = 'WireError'
}
