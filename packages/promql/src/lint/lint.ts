import type { Expr } from '../parser/ast.ts'
import { walk, withoutParens } from '../parser/ast.ts'
import { COMPARISONS } from '../parser/token.ts'
import type { ParserOptions } from '../parser/options.ts'
import { ALL_PARSER_OPTIONS } from '../parser/options.ts'
import { parseExpr } from '../parser/parse.ts'
import { lintCall } from './counter-rules.ts'
import { lintDivision } from './division-rule.ts'
import type { LintFinding, LintOptions } from './finding.ts'
import { lintMatching } from './matching-rules.ts'
import { lintSelector } from './selector-rules.ts'

/**
 * Looks for what is valid but probably not meant.
 * @returns findings in the order of their positions
 * @throws ParseError when the query does not parse
 */
export function lintQuery(
  query: string,
  options: LintOptions = {},
  parserOptions: ParserOptions = ALL_PARSER_OPTIONS,
): LintFinding[] {
  return lintExpr(parseExpr(query, parserOptions), options)
}

/** As {@link lintQuery}, of a tree that has been parsed already. */
export function lintExpr(expr: Expr, options: LintOptions = {}): LintFinding[] {
  const findings: LintFinding[] = []
  walk(expr, (node, ancestors) => {
    switch (node.type) {
      case 'binary':
        findings.push(...lintMatching(node), ...lintDivision(node, options))
        break
      case 'call':
        findings.push(...lintCall(node, options))
        break
      case 'vectorSelector': {
        const parent = ancestors.at(-1)
        if (parent?.type !== 'call' || parent.func.name !== 'info' || parent.args[0] === node)
          findings.push(...lintSelector(node, options, parent?.type === 'matrixSelector'))
      }
    }
  })
  return findings.sort((a, b) => a.position.start - b.position.start || a.position.end - b.position.end)
}

/**
 * Looks at a template that shows the value of a query: a ratio (a division, not times 100) that is printed with a per
 * cent sign behind `$value` is off by a factor of a hundred.
 * @param template  text of an annotation, e.g. `memory usage is {{ $value }}%`
 */
export function lintValueTemplate(expr: Expr, template: string): LintFinding[] {
  if (!/\{\{[^}]*\$value(?![^}]*humanizePercentage)[^}]*\}\}\s*%/.test(template) || !isRatio(expr)) return []
  return [
    {
      rule: 'ratio-as-percent',
      severity: 'warning',
      message:
        'the value is a ratio (1 for all), but the text shows it with a per cent sign: 0.83 would be printed as 0.83%. ' +
        'Write {{ $value | humanizePercentage }} without the sign',
      position: expr.position,
      mend: undefined,
    },
  ]
}

function isRatio(expr: Expr): boolean {
  const inner = withoutParens(expr)
  if (inner.type === 'binary' && COMPARISONS.has(inner.op)) return isRatio(inner.lhs)
  return inner.type === 'binary' && inner.op === '/' && !mentionsHundred(inner)
}

function mentionsHundred(expr: Expr): boolean {
  let found = false
  walk(expr, (node) => {
    if (node.type === 'number' && node.value === 100) found = true
  })
  return found
}
