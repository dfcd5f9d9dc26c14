import { ALL_PARSER_OPTIONS, children, type Expr, parseExpr, typeOf } from '@promontory/promql/parser'
import { useQuery } from '@tanstack/react-query'
import { useMemo, type ReactNode } from 'react'
import { ApiError } from '../../data/api.ts'
import { shortNumber } from '../../data/format.ts'
import { instantQuery, vectorOf } from '../../data/queries.ts'
import { toUnits } from './query-error-box.tsx'

/** The parts of an expression as a tree, each with the number of series it gives: shows where they get lost. */
export function Explain({ expr, endS }: { expr: string; endS: number | undefined }): ReactNode {
  const tree = useMemo(() => {
    try {
      return parseExpr(expr, ALL_PARSER_OPTIONS)
    } catch (error) {
      return error as Error
    }
  }, [expr])
  if (tree instanceof Error) return <p className="notice bad">{tree.message}</p>
  return (
    <ul className="tree">
      <Node node={tree} expr={expr} endS={endS} />
    </ul>
  )
}

function Node({ node, expr, endS }: { node: Expr; expr: string; endS: number | undefined }): ReactNode {
  const text = expr.slice(toUnits(expr, node.position.start), toUnits(expr, node.position.end))
  // Brackets say nothing of their own.
  const inner = children(node).flatMap((child) => (child.type === 'paren' ? [child.expr] : [child]))
  return (
    <li>
      <div className="tree-node">
        <span className="soft small">{kindOf(node)}</span>
        <code>{text}</code>
        {typeOf(node) === 'vector' ? <Count text={text} endS={endS} /> : null}
      </div>
      {inner.length === 0 || node.type === 'matrixSelector' ? null : (
        <ul>
          {inner.map((child, i) => (
            <Node key={i} node={child} expr={expr} endS={endS} />
          ))}
        </ul>
      )}
    </li>
  )
}

function Count({ text, endS }: { text: string; endS: number | undefined }): ReactNode {
  const { data, error } = useQuery({
    queryKey: ['explain', text, endS],
    queryFn: async ({ signal }) => vectorOf((await instantQuery(`count(${text})`, signal, endS)).data),
    retry: false,
  })
  if (error !== null)
    return (
      <span className="badge bad" title={error.message}>
        {error instanceof ApiError ? error.type : 'error'}
      </span>
    )
  if (data === undefined) return <span className="badge plain">…</span>
  const count = Number(data[0]?.value?.[1] ?? 0)
  return (
    <span className={`badge plain ${count === 0 ? 'warn' : ''}`}>
      {count === 0 ? 'no series' : `${shortNumber(count)} series`}
    </span>
  )
}

function kindOf(node: Expr): string {
  switch (node.type) {
    case 'aggregate':
      return `aggregation: ${node.op}`
    case 'call':
      return `function: ${node.func.name}`
    case 'binary':
      return `operator: ${node.op}${node.matching === undefined ? '' : `, ${node.matching.card}`}`
    case 'vectorSelector':
      return 'selector'
    case 'matrixSelector':
      return 'range selector'
    case 'paren':
      return 'brackets'
    default:
      return node.type
  }
}
