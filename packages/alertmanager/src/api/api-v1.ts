import type { Alertmanager } from '../alertmanager.ts'
import type { ApiAnswer, ApiRequest } from './api-v2.ts'
import { ApiV2 } from './api-v2.ts'
import type { GettableAlert, GettableSilence, VersionInfo } from './json-shapes.ts'

/**
 * API v1 as Alertmanager 0.26 answered it (`{status, data}`), which scripts still use; upstream has removed it. Each
 * call is put to v2 and its answer dressed up.
 */
export class ApiV1 {
  readonly #v2: ApiV2

  constructor(alertmanager: Alertmanager, version: VersionInfo) {
    this.#v2 = new ApiV2(alertmanager, version)
  }

  async handle(request: ApiRequest): Promise<ApiAnswer> {
    // As it last was: bodies are JSON whatever they are said to be.
    const { contentType: _contentType, ...rest } = request
    const answer = await this.#v2.handle({
      ...rest,
      path: request.path.replace(/^\/api\/v1\//, '/api/v2/'),
    })
    if (answer.status !== 200) return failure(answer)
    const data = dressed(request, answer.pieces === undefined ? answer.json : await wholeOf(answer.pieces))
    return { status: 200, json: data === undefined ? { status: 'success' } : { status: 'success', data } }
  }
}

/** A list that came in pieces: the old shape differs in each of its items. */
async function wholeOf(pieces: AsyncIterable<string>): Promise<unknown> {
  let text = ''
  for await (const piece of pieces) text += piece
  return JSON.parse(text)
}

function failure({ status, json }: ApiAnswer): ApiAnswer {
  const message =
    typeof json === 'string' ? json : ((json as { message?: string } | undefined)?.message ?? 'not found')
  const errorType = status >= 500 ? 'server_error' : 'bad_data'
  return { status: status === 422 ? 400 : status, json: { status: 'error', errorType, error: message } }
}

function dressed({ method, path }: ApiRequest, json: unknown): unknown {
  if (method === 'POST')
    return path.endsWith('/silences') ? { silenceId: (json as { silenceID: string }).silenceID } : undefined
  if (method !== 'GET') return undefined
  if (path.endsWith('/alerts')) return (json as GettableAlert[]).map(alertV1)
  if (path.endsWith('/receivers')) return (json as { name: string }[]).map(({ name }) => name)
  if (path.endsWith('/silences')) return (json as GettableSilence[]).map(silenceV1)
  return path.includes('/silence/') ? silenceV1(json as GettableSilence) : json
}

function alertV1({
  receivers,
  status,
  updatedAt: _updatedAt,
  ...alert
}: GettableAlert): Record<string, unknown> {
  const { mutedBy: _mutedBy, ...rest } = status
  return { ...alert, receivers: receivers.map(({ name }) => name), status: rest }
}

function silenceV1({ matchers, ...silence }: GettableSilence): Record<string, unknown> {
  return { ...silence, matchers }
}
