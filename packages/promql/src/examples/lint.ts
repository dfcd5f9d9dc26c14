import { lintQuery } from '@promontory/promql/lint'

for (const { rule, message, mend } of lintQuery(
  'sum(rate(a_total[5m])) / sum(rate(b_total[5m])) by (provider)',
))
  console.log(`${rule}: ${message}; try: ${mend?.text}`)
// never-matches: the two sides can never match, so the result is always empty: the right side has the label "provider", the left side cannot have it; try: sum by (provider) (rate(a_total[5m]))
