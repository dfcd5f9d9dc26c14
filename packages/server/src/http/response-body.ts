import type { ServerResponse } from 'node:http'
import type { BodySink } from '../workers/body-sink.ts'

/** Bodies that are sent together with their headers: one buffer less costs the system call half as much. */
const SMALL_BYTES = 16 * 1024

/** Sends a body as it comes: with its length when it comes in one piece, else in HTTP's chunks. */
export class ResponseBody implements BodySink {
  readonly #response: ServerResponse
  readonly #type: string
  /** Of the pieces that have not been sent yet. */
  readonly #releases = new Set<() => void>()

  constructor(response: ServerResponse, type: string) {
    this.#response = response
    this.#type = type
    response.on('close', () => {
      for (const release of this.#releases) release()
      this.#releases.clear()
    })
  }

  piece(
    bytes: Uint8Array,
    { isLast, encoding }: Parameters<BodySink['piece']>[1],
    release: () => void,
  ): void {
    const response = this.#response
    if (response.destroyed || response.writableEnded) return release()
    if (!response.headersSent) this.#begin(isLast ? bytes.length : undefined, encoding)
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    if (isLast && buffer.length <= SMALL_BYTES) {
      response.end(buffer.toString('latin1'), 'latin1')
      return release()
    }
    this.#releases.add(release)
    const onSent = (): void => {
      if (this.#releases.delete(release)) release()
    }
    if (isLast) response.end(buffer, onSent)
    else response.write(buffer, onSent)
  }

  #begin(length: number | undefined, encoding: string | undefined): void {
    const response = this.#response
    if (encoding !== undefined) {
      response.setHeader('content-encoding', encoding)
      response.appendHeader('vary', 'accept-encoding')
    }
    const type = { 'content-type': this.#type }
    response.writeHead(200, length === undefined ? type : { ...type, 'content-length': length })
  }
}
