import { Document, isScalar, visit } from 'yaml'
import { resolvePlain } from './yaml-scalar.ts'
import type { YamlValue } from './yaml-schema.ts'

/** YAML text as Go prints it: two spaces, lists not indented, strings quoted where they would read as something else. */
export function printYaml(value: YamlValue): string {
  const document = new Document(value)
  visit(document, {
    Scalar(_key, node) {
      if (!isScalar(node) || typeof node.value !== 'string') return
      // YAML 1.2 sees no number in `010` and no boolean in `yes`; our readers and Go's do.
      if (node.value !== '' && !node.value.includes('\n') && resolvePlain(node.value) !== '!!str')
        node.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0, indentSeq: false })
}
