import { routePrefix } from '../../../data/prefix.ts'

/** An answer of the dashboard API that is an error. `status` 0: no answer at all. */
export class GrafanaError extends Error {
  override readonly name = 'GrafanaError'
  readonly status: number
  /** The API's own word, such as `version-mismatch`. */
  readonly code: string

  constructor(status: number, message: string, code = '') {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Asks the dashboard API, which has Grafana's paths and shapes. */
export async function grafana<T>(
  path: string,
  options: { readonly method?: string; readonly body?: unknown; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const { method = 'GET', body, signal } = options
  let response: Response
  try {
    response = await fetch(`${routePrefix()}/${path}`, {
      method,
      credentials: 'same-origin',
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new GrafanaError(0, 'The server does not answer. Is it running?')
  }
  const text = await response.text()
  const json = parsed(text)
  if (!response.ok) {
    const { message, status } = (json ?? {}) as { message?: string; status?: string }
    throw new GrafanaError(response.status, message ?? `${response.status} ${response.statusText}`, status)
  }
  if (json === undefined && text !== '')
    throw new GrafanaError(response.status, `api: no JSON came back from ${path}`)
  return json as T
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface SearchHit {
  readonly uid: string
  readonly title: string
  readonly url: string
  readonly type: 'dash-db' | 'dash-folder'
  readonly tags: readonly string[]
  readonly isStarred: boolean
  readonly folderUid?: string
  readonly folderTitle?: string
}

export interface Folder {
  readonly uid: string
  readonly title: string
}

export interface DashboardMeta {
  readonly canSave?: boolean
  readonly canEdit?: boolean
  readonly canDelete?: boolean
  readonly isStarred?: boolean
  readonly provisioned?: boolean
  readonly provisionedExternalId?: string
  readonly folderUid?: string
  readonly folderTitle?: string
  readonly slug?: string
  readonly url?: string
  readonly version?: number
}

export interface SaveAnswer {
  readonly uid: string
  readonly url: string
  readonly version: number
  readonly slug: string
}

export interface VersionRow {
  readonly id: number
  readonly version: number
  readonly created: string
  readonly createdBy: string
  readonly message: string
}
