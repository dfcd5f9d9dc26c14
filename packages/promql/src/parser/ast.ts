import type { Matcher } from '@promontory/model'
import type { FunctionSignature } from './function-table.ts'
import type { Position } from './position.ts'
import type { AggregateOperator, BinaryOperator } from './token.ts'

export type ValueType = 'none' | 'vector' | 'scalar' | 'matrix' | 'string'

/** A syntax tree of PromQL. Every node knows where it stands in the query text. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | ParenExpr
  | UnaryExpr
  | BinaryExpr
  | AggregateExpr
  | Call
  | DurationExpr

export interface NumberLiteral {
  readonly type: 'number'
  readonly value: number
  /** Written as a duration (`5m`); the value is in seconds. */
  readonly duration: boolean
  readonly position: Position
}

export interface StringLiteral {
  readonly type: 'string'
  readonly value: string
  /** As written, with its quotes. */
  readonly source: string
  readonly position: Position
}

/** What `offset` and `@` say; also part of subqueries. */
export interface TimeModifiers {
  /** From `offset`, 0 when there is none or it is an expression. */
  readonly offsetMs: number
  readonly offsetExpr: DurationExpr | undefined
  /** From `@ <seconds>`. */
  readonly atMs: number | undefined
  /** From `@ start()` and `@ end()`. */
  readonly atBound: 'start' | 'end' | undefined
}

export interface VectorSelector extends TimeModifiers {
  readonly type: 'vectorSelector'
  /** Name before the braces, `''` when there is none; it is among the matchers as well. */
  readonly name: string
  readonly matchers: readonly Matcher[]
  readonly anchored: boolean
  readonly smoothed: boolean
  readonly position: Position
}

export interface MatrixSelector {
  readonly type: 'matrixSelector'
  readonly selector: VectorSelector
  /** 0 when `rangeExpr` says it. */
  readonly rangeMs: number
  readonly rangeExpr: DurationExpr | undefined
  readonly position: Position
}

export interface Subquery extends TimeModifiers {
  readonly type: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  readonly rangeExpr: DurationExpr | undefined
  /** 0 for the engine's default. */
  readonly stepMs: number
  readonly stepExpr: DurationExpr | undefined
  readonly position: Position
}

export interface ParenExpr {
  readonly type: 'paren'
  readonly expr: Expr
  readonly position: Position
}

export interface UnaryExpr {
  readonly type: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly position: Position
}

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'

export interface VectorMatching {
  readonly card: Cardinality
  readonly labels: readonly string[]
  /** `on (labels)`; otherwise `ignoring (labels)`. */
  readonly on: boolean
  /** Labels of `group_left` or `group_right`. */
  readonly include: readonly string[]
  /** Values of `fill_left` and `fill_right` (`fill` sets both). */
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface BinaryExpr {
  readonly type: 'binary'
  readonly op: BinaryOperator
  readonly lhs: Expr
  readonly rhs: Expr
  /** Undefined unless both sides are vectors. */
  readonly matching: VectorMatching | undefined
  readonly returnBool: boolean
  readonly position: Position
}

export interface AggregateExpr {
  readonly type: 'aggregate'
  readonly op: AggregateOperator
  readonly expr: Expr
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly without: boolean
  readonly position: Position
}

export interface Call {
  readonly type: 'call'
  readonly func: FunctionSignature
  readonly args: readonly Expr[]
  readonly position: Position
}

export type DurationOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'step' | 'range' | 'min_of' | 'max_of'

/** Arithmetic inside `[…]` and behind `offset`. Unary forms have only `rhs`; `step()` and `range()` neither. */
export interface DurationExpr {
  readonly type: 'duration'
  readonly op: DurationOperator
  readonly lhs: DurationExpr | NumberLiteral | undefined
  readonly rhs: DurationExpr | NumberLiteral | undefined
  /** Written in brackets. */
  readonly wrapped: boolean
  readonly position: Position
}

/** The type that an expression evaluates to, without checking its parts. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.type) {
    case 'number':
    case 'duration':
      return 'scalar'
    case 'string':
      return 'string'
    case 'vectorSelector':
    case 'aggregate':
      return 'vector'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'paren':
    case 'unary':
      return typeOf(expr.expr)
    case 'binary':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector'
    case 'call':
      return expr.func.returnType
  }
}

/** The nodes directly below, in Prometheus's order (an aggregation's parameter last). */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.type) {
    case 'number':
    case 'string':
    case 'vectorSelector':
    case 'duration':
      return []
    case 'matrixSelector':
      return [expr.selector]
    case 'subquery':
    case 'paren':
    case 'unary':
      return [expr.expr]
    case 'binary':
      return [expr.lhs, expr.rhs]
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.expr, expr.param]
    case 'call':
      return expr.args
  }
}

/** Visits a tree from the root, each node with its ancestors (the root first). */
export function walk(expr: Expr, visit: (node: Expr, ancestors: readonly Expr[]) => void): void {
  const ancestors: Expr[] = []
  const step = (node: Expr): void => {
    visit(node, ancestors)
    ancestors.push(node)
    for (const child of children(node)) step(child)
    ancestors.pop()
  }
  step(expr)
}

/** The expression without brackets around it. */
export function withoutParens(expr: Expr): Expr {
  return expr.type === 'paren' ? withoutParens(expr.expr) : expr
}
