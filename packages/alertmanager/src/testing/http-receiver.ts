import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request that came in. */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A real HTTP server on a free loopback port that takes notifications and answers as told. */
export class HttpReceiver {
  readonly requests: ReceivedRequest[] = []
  /** Status and body of the answers; changed by tests that want failures. */
  answer: { status: number; body: string; contentType?: string } = { status: 200, body: 'ok' }
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<HttpReceiver> {
    const server = createServer()
    const receiver = new HttpReceiver(server)
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        receiver.requests.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
        const { status, body, contentType = 'text/plain' } = receiver.answer
        response.writeHead(status, { 'content-type': contentType }).end(body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Waits (in real time) until `count` requests have come in all, and a moment longer for one too many. */
  async waitFor(count: number): Promise<void> {
    for (let i = 0; i < 400 && this.requests.length < count; i++)
      await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** Bodies since the last call. */
  takeJson(): unknown[] {
    return this.requests.splice(0).map(({ body }) => JSON.parse(body) as unknown)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
