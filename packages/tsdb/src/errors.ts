/** The data on disk contradicts itself: a checksum, a length, an order. `file` and `offset` say where. */
export class CorruptionError extends Error {
  override readonly name = 'CorruptionError'
  readonly file: string
  /** Byte offset of the damage in `file`. */
  readonly offset: number

  constructor(file: string, offset: number, problem: string) {
    super(`corruption in ${file} at byte ${offset}: ${problem}`)
    this.file = file
    this.offset = offset
  }
}

/** The storage cannot do what was asked, through no fault of the data: a full disk, a missing right, a held lock. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
}
