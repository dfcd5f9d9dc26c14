import type { GroupedAlert, KnownAlert, Silence } from './alertmanager.ts'
import { seriesName } from './format.ts'

/** Why nobody is told of an alert, one reason each in words; empty when somebody is. */
export function heldBack(
  { silencedBy, inhibitedBy, mutedBy }: GroupedAlert['status'],
  silences: ReadonlyMap<string, Silence>,
  inhibiting: Readonly<Record<string, KnownAlert['labels']>>,
): string[] {
  return [
    ...silencedBy.map((id) => {
      const silence = silences.get(id)
      if (silence === undefined) return `silenced by ${id}`
      const comment = silence.comment === '' ? 'no comment' : silence.comment
      return `silenced by ${silence.createdBy || 'somebody'} until ${silence.endsAt.slice(0, 16).replace('T', ' ')}: ${comment}`
    }),
    ...inhibitedBy.map((fingerprint) => {
      const source = inhibiting[fingerprint]
      return `inhibited by ${source === undefined ? `alert ${fingerprint}` : seriesName(source)}`
    }),
    ...mutedBy.map((interval) => `held back by the time interval ${interval}`),
  ]
}
