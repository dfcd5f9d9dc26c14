import type { Labels } from '@promontory/model'
import type { Silence } from './silence/silence.ts'

/*
 * Why nobody is told, for people: who silenced it until when and why, which alert holds it back. Ids are for programs.
 */

/** Characters of a comment that are repeated. */
const COMMENT_MAX = 200

/** `2026-05-01 22:00:00 UTC` */
export function timeWords(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `ann until 2026-05-01 22:00:00 UTC (a new disk comes at noon)`; the id alone of a silence that is gone. */
export function silenceWords(id: string, silence: Silence | undefined): string {
  if (silence === undefined) return `silence ${id}`
  const { createdBy, endsAtMs, comment } = silence
  const why = comment === '' ? '' : ` (${comment.slice(0, COMMENT_MAX)})`
  return `${createdBy === '' ? 'somebody' : createdBy} until ${timeWords(endsAtMs)}${why}`
}

/** `NodeDown{cluster="eu", severity="page"}`; the fingerprint of an alert that is gone. */
export function alertWords(fingerprint: string, labels: Labels | undefined): string {
  if (labels === undefined) return `alert ${fingerprint}`
  const others = labels.without('alertname')
  return `${labels.get('alertname')}${others.size === 0 ? '' : others}`
}
