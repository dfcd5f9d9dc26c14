import type { AnchoredRegex, Labels, Matcher } from '@promontory/model'
import type { Alertmanager } from '../alertmanager.ts'
import type { Alert } from '../alerts/alert.ts'
import type { AlertGroup } from '../dispatch/alert-group.ts'
import { matchesAll } from '../matchers/alert-matcher.ts'
import { TimeSlice } from '../time-slice.ts'
import { gettableAlert, type GettableAlert } from './json-shapes.ts'

/*
 * What pages show of many alerts: the first of them, and how many there are. Alertmanager's own lists hold everything,
 * which is 55 MB for 100,000 alerts.
 */

type LabelRecord = Readonly<Record<string, string>>

export interface GroupsQuery {
  /** All must hold. */
  readonly matchers: readonly Matcher[]
  /** Only groups of receivers with such a name. */
  readonly receiver?: AnchoredRegex
  /** Only alerts that somebody hears of, or only those that something holds back. */
  readonly standing: 'all' | 'told' | 'held'
  /** Groups, and alerts of each, that are answered at most. */
  readonly groupsMax: number
  readonly alertsMax: number
}

export interface GroupsOverview {
  readonly groups: readonly {
    readonly key: string
    readonly labels: LabelRecord
    readonly receiver: string
    /** All that fit; `alerts` are the first of them. */
    readonly alertCount: number
    readonly alerts: readonly GettableAlert[]
  }[]
  /** Groups with an alert that fits. */
  readonly groupCount: number
  /** Alerts in groups that fit; one in two groups counts twice. */
  readonly alertCount: number
  /** How those that the matchers take stand, whatever `standing` says; what is held back twice counts once. */
  readonly standings: Readonly<Record<Standing, number>>
  /** Labels of alerts that inhibit one of those answered, by fingerprint. */
  readonly inhibiting: Readonly<Record<string, LabelRecord>>
}

export type Standing = 'told' | 'silenced' | 'inhibited' | 'muted'

/** Alerts looked at between two looks at the clock. */
const LOOKED_AT_MAX = 64

/** The first groups and their first alerts, in the order of the API; counts of all. */
export async function overviewOfGroups(
  alertmanager: Alertmanager,
  query: GroupsQuery,
): Promise<GroupsOverview> {
  const slice = new TimeSlice()
  const standings: Record<Standing, number> = { told: 0, silenced: 0, inhibited: 0, muted: 0 }
  const groups: GroupsOverview['groups'][number][] = []
  let [groupCount, alertCount, seen] = [0, 0, 0]
  for (const group of await alertmanager.groupsInTurns()) {
    if (query.receiver?.matches(group.route.receiver) === false) continue
    const fitting: Alert[] = []
    let count = 0
    for (const alert of group.alerts) {
      if (++seen % LOOKED_AT_MAX === 0 && slice.isOver) await slice.pause()
      if (alert.endsAtMs <= alertmanager.nowMs || !matchesAll(query.matchers, alert.labels)) continue
      const standing = standingOf(alertmanager, alert, group)
      standings[standing]++
      if (query.standing !== 'all' && (query.standing === 'told') !== (standing === 'told')) continue
      if (++count <= query.alertsMax) fitting.push(alert)
    }
    if (count === 0) continue
    alertCount += count
    if (++groupCount > query.groupsMax) continue
    const { receiver } = group.route
    const alerts = fitting.map((alert) =>
      gettableAlert(alert, alertmanager.statusOf(alert, group.mutedBy), [receiver]),
    )
    groups.push({ key: group.key, labels: group.labels.toObject(), receiver, alertCount: count, alerts })
  }
  return { groups, groupCount, alertCount, standings, inhibiting: inhibiting(alertmanager, groups) }
}

/** In upstream's order of asking: inhibition, time intervals, silences. */
function standingOf(alertmanager: Alertmanager, alert: Alert, group: AlertGroup): Standing {
  const { inhibitedBy, silencedBy } = alertmanager.statusOf(alert)
  if (inhibitedBy.length > 0) return 'inhibited'
  if (group.mutedBy.length > 0) return 'muted'
  return silencedBy.length > 0 ? 'silenced' : 'told'
}

function inhibiting(
  alertmanager: Alertmanager,
  groups: GroupsOverview['groups'],
): Record<string, LabelRecord> {
  const found: Record<string, LabelRecord> = {}
  for (const { alerts } of groups)
    for (const fingerprint of alerts.flatMap(({ status }) => status.inhibitedBy))
      found[fingerprint] ??= alertmanager.alert(fingerprint)?.labels.toObject() ?? {}
  return found
}

export interface FoundAlerts {
  /** In the order of their arrival. */
  readonly alerts: readonly { readonly fingerprint: string; readonly labels: LabelRecord }[]
  /** All that fit. */
  readonly count: number
  /** All that are active. */
  readonly total: number
}

/** The first active alerts that fit all matchers and have the text in a label's name or value, upper and lower case alike. */
export async function findAlerts(
  alertmanager: Alertmanager,
  query: { readonly matchers: readonly Matcher[]; readonly search: string; readonly alertsMax: number },
): Promise<FoundAlerts> {
  const slice = new TimeSlice()
  const search = query.search.toLowerCase()
  const alerts: FoundAlerts['alerts'][number][] = []
  let [count, total] = [0, 0]
  for (const { fingerprint, labels } of alertmanager.eachActiveUnsorted()) {
    if (++total % LOOKED_AT_MAX === 0 && slice.isOver) await slice.pause()
    if (!matchesAll(query.matchers, labels) || !hasText(labels, search)) continue
    if (++count <= query.alertsMax) alerts.push({ fingerprint, labels: labels.toObject() })
  }
  return { alerts, count, total }
}

function hasText(labels: Labels, search: string): boolean {
  if (search === '') return true
  // Written as labels are, `job="db`, or a part of one name or value, which costs less.
  if (search.includes('=') || search.includes('"')) return labels.toString().toLowerCase().includes(search)
  return labels.pairs.some((text) => text.toLowerCase().includes(search))
}
