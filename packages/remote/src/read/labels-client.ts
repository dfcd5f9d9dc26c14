import { HttpClient } from '@promontory/http-client'
import { READ_BYTES_MAX, type ReadTarget } from './read-client.ts'

/** Asks a server for names and values of labels and for series, by Prometheus's HTTP API: remote read has no questions for them. */
export class LabelsClient {
  readonly #target: ReadTarget
  readonly #http: HttpClient

  /** @param target its `url` ends where `/labels` follows: `http://engine/api/v1` */
  constructor(target: ReadTarget, userAgent: string) {
    this.#target = target
    this.#http = new HttpClient(target, { userAgent })
  }

  /**
   * @param path  `/labels`, `/label/job/values`, `/series`
   * @param form  the question's parameters, encoded
   * @returns the answer's body, JSON
   * @throws HttpRequestError, Error for a status that is not 200
   */
  async ask(path: string, form: string): Promise<Uint8Array> {
    const { url, headers, remote_timeout: timeoutMs } = this.#target
    const { status, statusText, bytes, length } = await this.#http.request({
      url: `${url}${path}?${form}`,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      bodyBytesMax: READ_BYTES_MAX,
    })
    const body = bytes.slice(0, length)
    if (status === 200) return body
    const text = Buffer.from(body).toString('utf8', 0, 300).trim()
    throw new Error(`${url.replace(/\/\/[^/@]*@/, '//')}${path} returned http status ${statusText}: ${text}`)
  }

  close(): void {
    this.#http.close()
  }
}
