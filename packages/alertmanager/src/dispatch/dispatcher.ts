import type { Clock } from '@promontory/base'
import type { Labels } from '@promontory/model'
import type { Alert } from '../alerts/alert.ts'
import { AlertGroup, type FlushHandler } from './alert-group.ts'
import { FlushQueue } from './flush-queue.ts'
import { sortInTurns } from '../sort-in-turns.ts'
import type { Route } from './route.ts'

/** Sorts alerts into groups along the routing tree. */
export class Dispatcher {
  readonly root: Route
  readonly #clock: Clock
  readonly #handler: FlushHandler
  readonly #queue = new FlushQueue()
  readonly #groups = new Map<Route, Map<string, AlertGroup>>()
  #count = 0

  constructor(root: Route, clock: Clock, handler: FlushHandler) {
    this.root = root
    this.#clock = clock
    this.#handler = handler
  }

  get groupCount(): number {
    return this.#count
  }

  /** @returns the groups that took the alert */
  dispatch(alert: Alert): AlertGroup[] {
    return this.root.match(alert.labels).map((route) => {
      const labels = route.groupLabels(alert.labels)
      const group = this.#groups.get(route)?.get(labels.key()) ?? this.#create(route, labels, alert)
      group.insert(alert)
      return group
    })
  }

  group(route: Route, labels: Alert['labels']): AlertGroup | undefined {
    return this.#groups.get(route)?.get(labels.key())
  }

  /** All groups, by labels and then receiver, as the API lists them. */
  groups(): AlertGroup[] {
    return this.#unsorted().sort(compareGroups)
  }

  /** The same, sorted in turns of the event loop. */
  groupsInTurns(): Promise<AlertGroup[]> {
    return sortInTurns(this.#unsorted(), compareGroups)
  }

  #unsorted(): AlertGroup[] {
    return [...this.#groups.values()].flatMap((groups) => [...groups.values()])
  }

  /** No group is flushed until {@link release}: for filling in alerts that are there already. */
  hold(): void {
    this.#queue.hold()
  }

  release(): void {
    this.#queue.release()
  }

  /** Ends all timers and waits for deliveries under way, which are told to stop. */
  async stop(): Promise<void> {
    const stopped = this.#unsorted().map((group) => group.stop())
    // Flushes that were held must see that they are over.
    this.#queue.open()
    await Promise.all(stopped)
  }

  #create(route: Route, labels: AlertGroup['labels'], first: Alert): AlertGroup {
    const group = new AlertGroup(route, labels, first, {
      clock: this.#clock,
      handler: this.#handler,
      queue: this.#queue,
      onEmpty: (empty) => this.#remove(empty),
    })
    const groups = this.#groups.get(route) ?? new Map<string, AlertGroup>()
    this.#groups.set(route, groups)
    groups.set(labels.key(), group)
    this.#count++
    return group
  }

  #remove(group: AlertGroup): void {
    const groups = this.#groups.get(group.route)
    if (groups?.get(group.labels.key()) !== group) return
    groups.delete(group.labels.key())
    this.#count--
  }
}

function compareGroups(a: AlertGroup, b: AlertGroup): number {
  return (
    compareLabelSets(a.labels, b.labels) ||
    (a.route.receiver < b.route.receiver ? -1 : a.route.receiver > b.route.receiver ? 1 : 0)
  )
}

/** Upstream's order of label sets: small ones first, then by the first name that one of them lacks or has a smaller value of. */
function compareLabelSets(a: Labels, b: Labels): number {
  if (a.size !== b.size) return a.size - b.size
  if (!haveSameNames(a, b)) return compareMixed(a, b)
  for (let i = 1; i < a.pairs.length; i += 2) {
    const [x, y] = [a.pairs[i]!, b.pairs[i]!]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

function haveSameNames(a: Labels, b: Labels): boolean {
  for (let i = 0; i < a.pairs.length; i += 2) if (a.pairs[i] !== b.pairs[i]) return false
  return true
}

function compareMixed(a: Labels, b: Labels): number {
  for (const name of [...new Set([...a, ...b].map(([key]) => key))].sort()) {
    if (!a.has(name)) return -1
    if (!b.has(name)) return 1
    const [x, y] = [a.get(name), b.get(name)]
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}
