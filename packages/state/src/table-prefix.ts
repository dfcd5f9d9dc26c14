import {
  type KyselyPlugin,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  type SchemableIdentifierNode,
  type UnknownRow,
} from 'kysely'

/** What all our tables begin with: the database may be one that Grafana, with its own `dashboard`, lives in too. */
export const TABLE_PREFIX = 'promontory_'

/** Puts {@link TABLE_PREFIX} before the names of tables and indexes in every statement. */
export class TablePrefixPlugin implements KyselyPlugin {
  readonly #transformer = new PrefixTransformer()

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node)
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return result
  }
}

class PrefixTransformer extends OperationNodeTransformer {
  protected override transformSchemableIdentifier(
    node: SchemableIdentifierNode,
    ...rest: [queryId?: never]
  ): SchemableIdentifierNode {
    const transformed = super.transformSchemableIdentifier(node, ...rest)
    const { identifier } = transformed
    return { ...transformed, identifier: { ...identifier, name: `${TABLE_PREFIX}${identifier.name}` } }
  }
}
