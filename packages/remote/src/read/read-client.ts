import { HttpClient, type HttpClientConfig } from '@promontory/http-client'
import { compressSnappy, uncompressSnappy } from '@promontory/wire'

/** One `remote_read` entry, what concerns the connection. */
export interface ReadTarget extends HttpClientConfig {
  readonly url: string
  readonly remote_timeout: number
  readonly headers: Readonly<Record<string, string>>
}

/** An answer may decompress to so much. */
export const READ_BYTES_MAX: number = 512 * 1024 * 1024

/** Asks one server by remote read, for samples. */
export class ReadClient {
  readonly #target: ReadTarget
  readonly #http: HttpClient

  constructor(target: ReadTarget, userAgent: string) {
    this.#target = target
    this.#http = new HttpClient(target, { userAgent })
  }

  /** @param message not compressed @returns the answer, not compressed @throws HttpRequestError, WireError, Error for a status that is not 2xx */
  async read(message: Uint8Array): Promise<Buffer> {
    const { url, headers, remote_timeout: timeoutMs } = this.#target
    const response = await this.#http.request({
      url,
      method: 'POST',
      headers: {
        ...headers,
        'content-encoding': 'snappy',
        'content-type': 'application/x-protobuf',
        'x-prometheus-remote-read-version': '0.1.0',
      },
      body: compressSnappy(Buffer.from(message)),
      signal: AbortSignal.timeout(timeoutMs),
      bodyBytesMax: READ_BYTES_MAX,
    })
    const body = Buffer.from(response.bytes.subarray(0, response.length))
    if (response.status < 200 || response.status > 299)
      throw new Error(
        `remote server ${this.#target.url.replace(/\/\/[^/@]*@/, '//')} returned http status ${response.statusText}: ${body.toString('utf8', 0, 300).trim()}`,
      )
    return uncompressSnappy(body, READ_BYTES_MAX)
  }

  close(): void {
    this.#http.close()
  }
}
