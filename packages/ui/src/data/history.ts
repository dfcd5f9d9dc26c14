import type { Decision } from './alerting.ts'
import { ask } from './api.ts'

export interface HistoryAnswer {
  /** The newest first. */
  readonly events: readonly Decision[]
  /** Labels of the first alert of each event, by fingerprint, where it is known. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** The newest decisions, of one alert or of all. */
export async function askHistory(
  wanted: { readonly fingerprint?: string | undefined; readonly limit: number },
  signal?: AbortSignal,
): Promise<HistoryAnswer> {
  return (await ask<HistoryAnswer>('notifications/history', { ...wanted, labels: 'true' }, signal)).data
}
