import type { IncomingMessage } from 'node:http'
import type { TlsOptions } from 'node:tls'
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from '@grpc/grpc-js'
import type { Logger } from '@promontory/base'
import { OTLP_BYTES_MAX, otlpAnswer, type OtlpReceiver } from '@promontory/remote'
import type { Gate } from '../http/gate.ts'
import { ListenError } from '../http/listener.ts'

export interface OtlpGrpcOptions {
  /** `host:port`; an empty host means all interfaces. */
  readonly address: string
  readonly receiver: OtlpReceiver
  readonly gate: Gate
  readonly logger: Logger
  /** Of `--web.config.file`; read at the start only. */
  readonly tls: TlsOptions | undefined
}

const identity = (bytes: Buffer): Buffer => bytes

/** Messages stay bytes here: the receiver reads them. */
const METRICS_SERVICE = {
  export: {
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
} as const

/** The gRPC side of OTLP, `--listen.otlp-grpc`. */
export class OtlpGrpc {
  readonly #server: Server
  readonly port: number

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** @throws ListenError */
  static async open({ address, receiver, gate, logger, tls }: OtlpGrpcOptions): Promise<OtlpGrpc> {
    const server = new Server({ 'grpc.max_receive_message_length': OTLP_BYTES_MAX })
    server.addService(METRICS_SERVICE, {
      export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
        answer(call, receiver, gate).then(
          (body) => done(null, body),
          (error: { code?: number; message: string }) => {
            if (error.code === undefined) logger.error('an OTLP export failed', { error })
            done({ code: error.code ?? status.INTERNAL, details: error.message })
          },
        )
      },
    })
    const target = address.startsWith(':') ? `[::]${address}` : address
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(target, credentialsOf(tls), (error, bound) => {
        if (error === null) resolve(bound)
        else reject(new ListenError(`cannot listen on ${address}: ${error.message} (--listen.otlp-grpc)`))
      })
    })
    return new OtlpGrpc(server, port)
  }

  close(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.forceShutdown(), graceMs)
      this.#server.tryShutdown(() => {
        clearTimeout(cut)
        resolve()
      })
    })
  }
}

function credentialsOf(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure()
  const pair = { private_key: Buffer.from(String(tls.key)), cert_chain: Buffer.from(String(tls.cert)) }
  const ca = tls.ca === undefined ? null : Buffer.from(String(tls.ca))
  return ServerCredentials.createSsl(ca, [pair], tls.rejectUnauthorized === true)
}

/** Rejects with a code of gRPC. */
async function answer(
  call: ServerUnaryCall<Buffer, Buffer>,
  receiver: OtlpReceiver,
  gate: Gate,
): Promise<Buffer> {
  const verdict = await gate.admit(asHttp(call), '/v1/metrics')
  if (!verdict.admitted) {
    const code = verdict.status === 401 ? status.UNAUTHENTICATED : status.PERMISSION_DENIED
    throw Object.assign(new Error(verdict.reason), { code })
  }
  const outcome = receiver.receive(call.request, 'protobuf')
  if (outcome.kind === 'stored') return Buffer.from(otlpAnswer(outcome, 'protobuf'))
  // Only UNAVAILABLE makes a client send again.
  const code = outcome.kind === 'failed' ? status.UNAVAILABLE : status.INVALID_ARGUMENT
  throw Object.assign(new Error(outcome.message), { code })
}

/** What the gate looks at, of a call: it comes by HTTP too, which the library does not show. */
function asHttp(call: ServerUnaryCall<Buffer, Buffer>): IncomingMessage {
  const remoteAddress = call
    .getPeer()
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
  const [authorization] = call.metadata.get('authorization')
  const headers = authorization === undefined ? {} : { authorization: String(authorization) }
  // Who calls from this machine has reached an address of this machine.
  const socket = { remoteAddress, localAddress: remoteAddress }
  return { method: 'POST', url: '/v1/metrics', headers, socket } as unknown as IncomingMessage
}
