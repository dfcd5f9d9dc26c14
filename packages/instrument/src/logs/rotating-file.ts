import { closeSync, existsSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export interface RotationOptions {
  /** A file that would grow beyond this is put aside; 10 MiB when not given. */
  readonly maxBytes?: number
  /** Files put aside that are kept: `app.log.1` is the newest; 5 when not given. */
  readonly keep?: number
}

/** A file of log lines that is put aside when it gets too large. */
export class RotatingFile {
  readonly #path: string
  readonly #maxBytes: number
  readonly #keep: number
  #descriptor: number
  #bytes: number

  /** @throws Error when the file cannot be opened */
  constructor(path: string, { maxBytes = 10 * 1024 * 1024, keep = 5 }: RotationOptions = {}) {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#keep = keep
    mkdirSync(dirname(path), { recursive: true })
    this.#descriptor = openSync(path, 'a')
    this.#bytes = fstatSync(this.#descriptor).size
  }

  /** Appends a line; the newline is added. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#maxBytes) this.#rotate()
    writeSync(this.#descriptor, bytes)
    this.#bytes += bytes.length
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #rotate(): void {
    closeSync(this.#descriptor)
    rmSync(`${this.#path}.${this.#keep}`, { force: true })
    for (let i = this.#keep - 1; i >= 1; i--)
      if (existsSync(`${this.#path}.${i}`)) renameSync(`${this.#path}.${i}`, `${this.#path}.${i + 1}`)
    if (this.#keep > 0) renameSync(this.#path, `${this.#path}.1`)
    else rmSync(this.#path)
    this.#descriptor = openSync(this.#path, 'a')
    this.#bytes = 0
  }
}
