import type { AlertState, Rule } from '@promontory/api'
import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ask } from './api.ts'

/** A rule with its first alerts. */
export interface OverviewRule extends Rule {
  readonly file: string
  readonly group: string
  readonly alertCount: number
  readonly firingCount: number
}

export interface RulesOverview {
  /** The gravest first; the first of those that fit. */
  readonly rules: readonly OverviewRule[]
  readonly ruleCount: number
  /** All alerting rules by state. */
  readonly states: Readonly<Record<AlertState, number>>
  readonly alerts: { readonly firing: number; readonly pending: number }
}

export function askRules(
  wanted: { search?: string; state?: AlertState | undefined; limit: number; alertLimit: number },
  signal?: AbortSignal,
): Promise<RulesOverview> {
  const { search, state, limit, alertLimit } = wanted
  return ask<RulesOverview>('rules/overview', { search, state, limit, alert_limit: alertLimit }, signal).then(
    ({ data }) => data,
  )
}

/** Rules that the frame and the first page look at, and alerts of each. */
const AT_A_GLANCE = 6

/** How many alerts fire, and the first of them: one question for the frame and the first page. */
export function useFiring(): UseQueryResult<RulesOverview> {
  return useQuery({
    queryKey: ['rules-overview', 'glance'],
    queryFn: ({ signal }) => askRules({ limit: AT_A_GLANCE, alertLimit: AT_A_GLANCE }, signal),
    refetchInterval: 5000,
  })
}
