import { formatQuery, parseExpr, ParseError, walk } from '@promontory/promql/parser'

console.log(formatQuery('sum( rate(x_total [5m]) )by(job)'))
walk(parseExpr('a + b{c="d"}'), (node) => {
  if (node.type === 'vectorSelector') console.log(node.name, node.position.start, node.position.end)
})
try {
  parseExpr('rate(x[5m]) by (provider)')
} catch (error) {
  if (error instanceof ParseError) console.log(`${error.message}; try: ${error.mend?.text}`)
}
// sum by (job) (rate(x_total[5m]))
// a 0 1
// b 4 12
// 1:13: parse error: unexpected <by>; try: sum by (provider) (rate(x[5m]))
