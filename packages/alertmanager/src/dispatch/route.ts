import { Labels, type Matcher } from '@promontory/model'
import { allMatchers, type RouteConfig } from '../config/route.ts'
import { formatMatchers, matchesAll } from '../matchers/alert-matcher.ts'

/** A node of the routing tree with everything inherited. */
export class Route {
  readonly key: string
  /** Position in the tree, `{}/{a="b"}/0`: unique where keys are not. */
  readonly id: string
  readonly receiver: string
  /** Undefined: group by all labels. */
  readonly groupBy: ReadonlySet<string> | undefined
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly matchers: readonly Matcher[]
  readonly continues: boolean
  readonly routes: readonly Route[]

  constructor(config: RouteConfig, parent?: Route, index = 0) {
    this.matchers = allMatchers(config)
    this.key = `${parent === undefined ? '' : `${parent.key}/`}${formatMatchers(this.matchers)}`
    this.id = parent === undefined ? this.key : `${parent.id}/${formatMatchers(this.matchers)}/${index}`
    this.receiver = config.receiver || (parent?.receiver ?? '')
    this.groupBy = config.group_by === undefined ? inheritedGroupBy(parent) : groupBySet(config.group_by)
    this.groupWaitMs = config.group_wait ?? parent?.groupWaitMs ?? 30_000
    this.groupIntervalMs = config.group_interval ?? parent?.groupIntervalMs ?? 300_000
    this.repeatIntervalMs = config.repeat_interval ?? parent?.repeatIntervalMs ?? 4 * 3_600_000
    this.muteTimeIntervals = config.mute_time_intervals
    this.activeTimeIntervals = config.active_time_intervals
    this.labels = { ...parent?.labels, ...config.labels }
    this.continues = config.continue
    this.routes = config.routes.map((child, i) => new Route(child, this, i))
  }

  /** The routes that an alert takes: depth first, the first match wins unless it says `continue`. */
  match(labels: Labels): Route[] {
    if (!matchesAll(this.matchers, labels)) return []
    const found: Route[] = []
    for (const child of this.routes) {
      const matches = child.match(labels)
      found.push(...matches)
      if (matches.length > 0 && !child.continues) break
    }
    return found.length === 0 ? [this] : found
  }

  /** This route and all below it, depth first. */
  *walk(): Generator<Route> {
    yield this
    for (const child of this.routes) yield* child.walk()
  }

  groupLabels(labels: Labels): Labels {
    if (this.groupBy === undefined) return labels
    return Labels.from([...labels].filter(([name]) => this.groupBy!.has(name)))
  }
}

function inheritedGroupBy(parent: Route | undefined): ReadonlySet<string> | undefined {
  return parent === undefined ? new Set() : parent.groupBy
}

function groupBySet(names: readonly string[]): ReadonlySet<string> | undefined {
  return names.includes('...') ? undefined : new Set(names)
}
