import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Matcher, type MatchOperator } from '@promontory/model'
import {
  ALL_PARSER_OPTIONS,
  type Expr,
  exprToJson,
  formatQuery,
  ParseError,
  parseExpr,
  prettyPrint,
  walk,
} from '@promontory/promql/parser'
import { UsageError } from '../serve-flags.ts'

const USAGE =
  'usage: promontory promql format|parse EXPR | label-matchers set [-t =|!=|=~|!~] EXPR NAME VALUE | label-matchers delete EXPR NAME'
const OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~']

/** `promontory promql …`; `-` reads the expression from standard input. */
export async function promql([action, ...rest]: readonly string[]): Promise<number> {
  const run = jobOf(action, rest)
  try {
    process.stdout.write(`${run()}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
    process.stderr.write(`${error.message}\n`)
    if (error.mend !== undefined) process.stderr.write(`${error.mend.explanation}\n`)
    return 1
  }
}

/** @throws UsageError */
function jobOf(action: string | undefined, rest: readonly string[]): () => string {
  if (action === 'label-matchers') return changeMatchers(rest)
  if ((action !== 'format' && action !== 'parse') || rest.length !== 1) throw new UsageError(USAGE)
  const expr = textOf(rest[0]!)
  return action === 'format'
    ? () => formatQuery(expr, ALL_PARSER_OPTIONS)
    : () => JSON.stringify(exprToJson(parseExpr(expr, ALL_PARSER_OPTIONS)), null, 2)
}

function textOf(argument: string): string {
  return argument === '-' ? readFileSync(0, 'utf8') : argument
}

/** `label-matchers set|delete …`: the condition on one label, in all selectors of an expression. */
function changeMatchers(args: readonly string[]): () => string {
  const { values, positionals } = readArgs(args)
  const [action, expr, name, value = ''] = positionals
  const operator = OPERATORS.find((known) => known === values.type)
  if (operator === undefined)
    throw new UsageError(`--type=${values.type}: expected one of ${OPERATORS.join(' ')}`)
  const isSet = action === 'set' && positionals.length === 4
  if (!isSet && !(action === 'delete' && positionals.length === 3)) throw new UsageError(USAGE)
  return () => {
    const tree = parseExpr(textOf(expr!), ALL_PARSER_OPTIONS)
    const matcher = isSet ? new Matcher(operator, name!, value) : undefined
    for (const selector of selectorsOf(tree)) selector.matchers = changed(selector.matchers, name!, matcher)
    return prettyPrint(tree)
  }
}

function readArgs(args: readonly string[]): { values: { type: string }; positionals: string[] } {
  try {
    const type = { type: 'string', short: 't', default: '=' } as const
    // promtool wants the flag for these; here it changes nothing.
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { type, experimental: { type: 'boolean' } },
    })
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`)
  }
}

/** The tree is ours alone: its selectors may be changed. */
function selectorsOf(tree: Expr): { matchers: readonly Matcher[] }[] {
  const found: { matchers: readonly Matcher[] }[] = []
  walk(tree, (node) => {
    if (node.type === 'vectorSelector') found.push(node as { matchers: readonly Matcher[] })
  })
  return found
}

/** @param matcher  undefined: taken away */
function changed(matchers: readonly Matcher[], name: string, matcher: Matcher | undefined): Matcher[] {
  if (matcher === undefined) return matchers.filter((each) => each.name !== name)
  const isThere = matchers.some((each) => each.name === name)
  return isThere ? matchers.map((each) => (each.name === name ? matcher : each)) : [...matchers, matcher]
}
