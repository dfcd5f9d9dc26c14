import type { Expr } from './ast.ts'
import { printAggregateHead, printExpr, printOperator, printSubquerySuffix } from './printer.ts'

/** A node that fits into so many bytes stays on one line; Prometheus's number. */
const LINE_BYTES_MAX = 100

/** A tree over several indented lines where one is too long: what Prometheus's `format_query` answers. */
export function prettyPrint(expr: Expr): string {
  return new PrettyPrinter().print(expr, 0)
}

class PrettyPrinter {
  readonly #encoder = new TextEncoder()
  readonly #lines = new Map<Expr, string>()

  print(expr: Expr, level: number): string {
    const indent = '  '.repeat(level)
    switch (expr.type) {
      case 'subquery':
        if (!this.#isLong(expr)) return this.#line(expr)
        return this.print(expr.expr, level) + printSubquerySuffix(expr)
      case 'unary':
        return `${indent}${expr.op}${this.print(expr.expr, level).trim()}`
      case 'aggregate':
      case 'binary':
      case 'call':
      case 'paren':
        if (this.#isLong(expr)) return this.#split(expr, indent, level)
    }
    return indent + this.#line(expr)
  }

  #split(
    expr: Extract<Expr, { type: 'aggregate' | 'binary' | 'call' | 'paren' }>,
    indent: string,
    level: number,
  ): string {
    const inner = (part: Expr): string => this.print(part, level + 1)
    switch (expr.type) {
      case 'binary':
        return `${inner(expr.lhs)}\n${indent}${printOperator(expr)}\n${inner(expr.rhs)}`
      case 'aggregate': {
        const param = expr.param === undefined ? '' : `${inner(expr.param)},\n`
        return `${indent}${printAggregateHead(expr)}(\n${param}${inner(expr.expr)}\n${indent})`
      }
      case 'call':
        return `${indent}${expr.func.name}(\n${expr.args.map(inner).join(',\n')}\n${indent})`
      case 'paren':
        return `${indent}(\n${inner(expr.expr)}\n${indent})`
    }
  }

  #line(expr: Expr): string {
    let line = this.#lines.get(expr)
    if (line === undefined) this.#lines.set(expr, (line = printExpr(expr)))
    return line
  }

  #isLong(expr: Expr): boolean {
    const line = this.#line(expr)
    return line.length > LINE_BYTES_MAX || this.#encoder.encode(line).length > LINE_BYTES_MAX
  }
}
