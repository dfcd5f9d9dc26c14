/** Reading of protobuf messages, for those who have messages of their own. */
export { WireError } from './errors.ts'
export { ProtoReader, WireType } from './proto-reader.ts'
