import type { Hono } from 'hono'
import { parseSelector } from '@promontory/promql/parser'
import {
  type RuleManager,
  type RulesFilter,
  RulesFilterError,
  overviewOfRules,
  viewAlerts,
  viewRules,
} from '@promontory/rules'
import { failureOf, success } from '../http/answer.ts'
import { BadRequest, type Params } from '../http/params.ts'
import { readParams } from './environment.ts'

/** In an overview, when no limit is given and at most; the alerts are those of one rule. */
const RULES_AT_FIRST = 100
const RULES_MAX = 5000
const ALERTS_AT_FIRST = 20
const ALERTS_MAX = 1000

/** `/api/v1/rules`, their overview and `/api/v1/alerts`. */
export function ruleRoutes(app: Hono, rules: RuleManager): void {
  app.get('/api/v1/rules', async (c) => {
    try {
      return success(c, viewRules(rules, filterOf(await readParams(c))))
    } catch (error) {
      if (error instanceof RulesFilterError)
        return failureOf(c, new BadRequest(`invalid parameter "${error.parameter}": ${error.message}`))
      return failureOf(c, error)
    }
  })
  app.get('/api/v1/rules/overview', async (c) => {
    try {
      const params = await readParams(c)
      const state = params.get('state')
      if (state !== '' && state !== 'firing' && state !== 'pending' && state !== 'inactive')
        throw new BadRequest(`invalid parameter "state": "${state}" is none of firing, pending, inactive`)
      const overview = await overviewOfRules(rules, {
        search: params.get('search'),
        ...(state === '' ? {} : { state }),
        rulesMax: Math.min(params.limit('limit') || RULES_AT_FIRST, RULES_MAX),
        alertsMax: Math.min(params.limit('alert_limit') || ALERTS_AT_FIRST, ALERTS_MAX),
      })
      return success(c, overview)
    } catch (error) {
      return failureOf(c, error)
    }
  })
  app.get('/api/v1/alerts', (c) => success(c, viewAlerts(rules)))
}

function filterOf(params: Params): RulesFilter {
  const type = params.get('type').toLowerCase()
  if (type !== '' && type !== 'alert' && type !== 'record')
    throw new BadRequest(`invalid parameter "type": not supported value "${params.get('type')}"`)
  const limit = params.limit('group_limit')
  const token = params.get('group_next_token')
  if (token !== '' && limit === 0)
    throw new BadRequest(
      'invalid parameter "group_limit": group_limit needs to be present in order to paginate over the groups',
    )
  const exclude = params.get('exclude_alerts')
  if (exclude !== '' && !/^(1|0|t|f|true|false)$/i.test(exclude))
    throw new BadRequest(`invalid parameter "exclude_alerts": "${exclude}" is not a boolean`)
  return {
    ...(type === '' ? {} : { type }),
    ruleNames: [...params.all('rule_name[]')],
    groupNames: [...params.all('rule_group[]')],
    files: [...params.all('file[]')],
    matcherSets: params.all('match[]').map((selector) => parseSelector(selector)),
    excludeAlerts: /^(1|t|true)$/i.test(exclude),
    groupLimit: limit,
    ...(token === '' ? {} : { groupNextToken: token }),
  }
}
