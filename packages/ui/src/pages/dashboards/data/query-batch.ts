import { routePrefix } from '../../../data/prefix.ts'
import { BatchReader, type BatchAnswer } from './batch-reader.ts'

/** Questions that are asked within so many milliseconds go together. */
const GATHER_MS = 5
/** Questions of one request at most; the server takes some more. */
const ASKS_MAX = 200

interface Asked {
  readonly text: string
  readonly signal: AbortSignal
  readonly resolve: (answer: BatchAnswer | undefined) => void
  readonly reject: (error: unknown) => void
}

let gathered: Asked[] = []
/** The server does not know batches. */
let isRefused = false
let sending: ReturnType<typeof setTimeout> | undefined

/**
 * Asks our own API `query?…` or `query_range?…`, together with what else is asked at the same time: the server evaluates
 * what they have in common once. Each answer comes when it is there; one that nobody waits for any more is stopped.
 * @returns undefined when the question is to be asked alone: nothing else was asked, or the server takes no batches
 */
export function askInBatch(text: string, signal: AbortSignal): Promise<BatchAnswer | undefined> {
  return new Promise((resolve, reject) => {
    gathered.push({ text, signal, resolve, reject })
    if (gathered.length >= ASKS_MAX) flush()
    else sending ??= setTimeout(flush, GATHER_MS)
  })
}

function flush(): void {
  clearTimeout(sending)
  sending = undefined
  const wanted: Asked[] = []
  for (const asked of gathered)
    if (asked.signal.aborted) asked.reject(asked.signal.reason)
    else wanted.push(asked)
  gathered = []
  if (wanted.length > 1 && !isRefused) void send(wanted)
  else for (const { resolve } of wanted) resolve(undefined)
}

async function send(all: readonly Asked[]): Promise<void> {
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-')
  const abort = new AbortController()
  const waiting = new Set(all)
  for (const [index, asked] of all.entries())
    asked.signal.addEventListener('abort', () => {
      if (!waiting.delete(asked)) return
      asked.reject(asked.signal.reason)
      if (waiting.size === 0) abort.abort()
      else cancel(id, index)
    })
  try {
    const response = await fetch(`${routePrefix()}/api/v1/query_batch`, {
      method: 'POST',
      body: formOf(id, all),
      signal: abort.signal,
      credentials: 'same-origin',
    })
    if (response.status === 404 || response.status === 405) {
      isRefused = true
      for (const { resolve } of waiting) resolve(undefined)
      return
    }
    if (!response.ok || response.body === null) {
      const answer = { text: await response.text(), status: `${response.status} ${response.statusText}` }
      for (const { resolve } of waiting) resolve(answer)
      return
    }
    await readAnswers(response.body, all, waiting)
    if (waiting.size > 0) throw new Error('The answer ended too early.')
  } catch (cause) {
    const error = abort.signal.aborted ? cause : new Error('The data source does not answer.', { cause })
    for (const { reject } of waiting) reject(error)
  }
}

function formOf(id: string, all: readonly Asked[]): URLSearchParams {
  const form = new URLSearchParams({ id })
  // On this machine compressing costs more than it saves.
  if (!/^(localhost|127\.|\[::1\])/.test(location.hostname)) form.set('encoding', 'gzip')
  for (const { text } of all) form.append('ask', text)
  return form
}

async function readAnswers(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  all: readonly Asked[],
  waiting: Set<Asked>,
): Promise<void> {
  const reader = new BatchReader((index, answer) => {
    const asked = all[index]
    if (asked === undefined || !waiting.delete(asked)) return
    asked.resolve(answer)
  })
  const stream = body.getReader()
  for (;;) {
    const { done, value } = await stream.read()
    if (value !== undefined) await reader.push(value)
    if (done) return
  }
}

/** Stops one question of a batch; the others go on. That it fails is no matter: the answer is dropped. */
function cancel(id: string, index: number): void {
  const form = new URLSearchParams({ id, ask: String(index) })
  fetch(`${routePrefix()}/api/v1/query_batch/cancel`, {
    method: 'POST',
    body: form,
    credentials: 'same-origin',
    keepalive: true,
  }).catch(() => undefined)
}
