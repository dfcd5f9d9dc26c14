import type { Labels } from '@promontory/model'
import { fn, GoMap, GoSlice, GoStruct, GoTime, type FunctionTable, type Value } from '@promontory/template'
import { isResolvedAt, type Alert } from '../alerts/alert.ts'
import type { NotifyReason } from '../nflog/notification-log.ts'

export type Status = 'firing' | 'resolved'

/** What one notification tells. */
export interface Notification {
  readonly receiver: string
  readonly groupKey: string
  readonly groupLabels: Labels
  readonly routeLabels: Readonly<Record<string, string>>
  readonly alerts: readonly Alert[]
  readonly reason: NotifyReason
  readonly nowMs: number
  readonly externalUrl: string
}

/** The JSON of a notification, as webhooks carry it; also what templates see. */
export interface NotificationJson {
  readonly receiver: string
  readonly status: Status
  readonly alerts: readonly AlertJson[]
  readonly notification_reason: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly commonLabels: Readonly<Record<string, string>>
  readonly commonAnnotations: Readonly<Record<string, string>>
  readonly routeLabels: Readonly<Record<string, string>>
  readonly externalURL: string
}

export interface AlertJson {
  readonly status: Status
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
  readonly fingerprint: string
}

export function statusOf(alerts: readonly Alert[], nowMs: number): Status {
  return alerts.some((alert) => !isResolvedAt(alert, nowMs)) ? 'firing' : 'resolved'
}

/** Of notifications under way: templates and receivers ask for the same. */
const known = new WeakMap<Notification, NotificationJson>()

/** As upstream writes it; names are quoted for regular expressions, since links filter by them. */
export function notificationJson(notification: Notification): NotificationJson {
  const json = known.get(notification) ?? makeJson(notification)
  known.set(notification, json)
  return json
}

function makeJson(notification: Notification): NotificationJson {
  const { alerts, nowMs } = notification
  return {
    receiver: notification.receiver.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&'),
    status: statusOf(alerts, nowMs),
    alerts: alerts.map((alert) => alertJson(alert, nowMs)),
    notification_reason: notification.reason,
    groupLabels: notification.groupLabels.toObject(),
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    routeLabels: sorted(Object.entries(notification.routeLabels)),
    externalURL: notification.externalUrl,
  }
}

function alertJson(alert: Alert, nowMs: number): AlertJson {
  const isResolved = isResolvedAt(alert, nowMs)
  return {
    status: isResolved ? 'resolved' : 'firing',
    labels: alert.labels.toObject(),
    annotations: alert.annotations.toObject(),
    startsAt: GoTime.fromMs(alert.startsAtMs).toJSON(),
    endsAt: isResolved ? GoTime.fromMs(alert.endsAtMs).toJSON() : GoTime.ZERO.toJSON(),
    generatorURL: alert.generatorUrl,
    fingerprint: alert.fingerprint,
  }
}

/** Go's JSON lists map keys in order; ours are in that order already. */
function sorted(entries: Iterable<readonly [string, string]>): Record<string, string> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Pairs that all have. */
function common(all: readonly Labels[]): Record<string, string> {
  const [first, ...rest] = all
  if (first === undefined) return {}
  return first.filter((name, value) => rest.every((labels) => labels.get(name) === value)).toObject()
}

// The same as template values

/** The dot of notification templates. */
export function templateData(json: NotificationJson): Value {
  const alerts = json.alerts.map(alertValue)
  return new GoStruct(
    '*template.Data',
    {
      Receiver: json.receiver,
      Status: json.status,
      Alerts: alertList(alerts, 'template.Alerts'),
      NotificationReason: json.notification_reason,
      GroupLabels: keyValues(json.groupLabels),
      CommonLabels: keyValues(json.commonLabels),
      CommonAnnotations: keyValues(json.commonAnnotations),
      RouteLabels: keyValues(json.routeLabels),
      ExternalURL: json.externalURL,
    },
    { jsonNames: DATA_NAMES },
  )
}

const DATA_NAMES = {
  Receiver: 'receiver', Status: 'status', Alerts: 'alerts', NotificationReason: 'notification_reason', GroupLabels: 'groupLabels',
  CommonLabels: 'commonLabels', CommonAnnotations: 'commonAnnotations', RouteLabels: 'routeLabels', ExternalURL: 'externalURL',
} // prettier-ignore

const ALERT_NAMES = {
  Status: 'status', Labels: 'labels', Annotations: 'annotations', StartsAt: 'startsAt', EndsAt: 'endsAt',
  GeneratorURL: 'generatorURL', Fingerprint: 'fingerprint',
} // prettier-ignore

function alertValue(alert: AlertJson): GoStruct {
  const time = (text: string): GoTime => {
    if (text === GoTime.ZERO.toJSON()) return GoTime.ZERO
    const fraction = /\.(\d+)Z$/.exec(text)?.[1] ?? ''
    const seconds = BigInt(Date.parse(text.replace(/\.\d+Z$/, 'Z'))) * 1_000_000n
    return new GoTime(seconds + BigInt(fraction.padEnd(9, '0')))
  }
  return new GoStruct(
    'template.Alert',
    {
      Status: alert.status,
      Labels: keyValues(alert.labels),
      Annotations: keyValues(alert.annotations),
      StartsAt: time(alert.startsAt),
      EndsAt: time(alert.endsAt),
      GeneratorURL: alert.generatorURL,
      Fingerprint: alert.fingerprint,
    },
    { jsonNames: ALERT_NAMES },
  )
}

function alertList(alerts: readonly GoStruct[], goType: string): GoSlice {
  const withStatus = (status: Status): GoSlice =>
    new GoSlice(
      alerts.filter(({ fields }) => fields.Status === status),
      '[]template.Alert',
    )
  const methods: FunctionTable = {
    Firing: fn([], () => withStatus('firing')),
    Resolved: fn([], () => withStatus('resolved')),
  }
  return new GoSlice(alerts, goType, { methods })
}

/** Upstream's `KV`: a map with the alert's name first when its pairs are listed. */
function keyValues(values: Readonly<Record<string, string>>): GoMap {
  const entries = Object.entries(values)
  const pairs = (): [string, string][] =>
    [...entries].sort(([a], [b]) => {
      if (a === 'alertname' || b === 'alertname') return a === b ? 0 : a === 'alertname' ? -1 : 1
      return a < b ? -1 : 1
    })
  const methods: FunctionTable = {
    SortedPairs: fn([], () => pairList(pairs())),
    Names: fn([], () => stringList(pairs().map(([name]) => name))),
    Values: fn([], () => stringList(pairs().map(([, value]) => value))),
    Remove: fn(['[]string'], (names: GoSlice) =>
      keyValues(Object.fromEntries(entries.filter(([name]) => !names.items.includes(name)))),
    ),
    String: fn([], () => showPairs(pairs())),
  }
  return new GoMap(entries, {
    goType: 'template.KV',
    zero: '',
    methods,
    toGoString: () => showPairs(pairs()),
  })
}

const showPairs = (pairs: readonly [string, string][]): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join(', ')

function pairList(pairs: readonly [string, string][]): GoSlice {
  const methods: FunctionTable = {
    Names: fn([], () => stringList(pairs.map(([name]) => name))),
    Values: fn([], () => stringList(pairs.map(([, value]) => value))),
    String: fn([], () => showPairs(pairs)),
  }
  return new GoSlice(
    pairs.map(([name, value]) => new GoStruct('template.Pair', { Name: name, Value: value })),
    'template.Pairs',
    { methods, toGoString: () => showPairs(pairs) },
  )
}

function stringList(items: readonly string[]): GoSlice {
  const methods: FunctionTable = { Join: fn(['string'], (separator: string) => items.join(separator)) }
  return new GoSlice(items, 'template.Strings', { methods })
}
