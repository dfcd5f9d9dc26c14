/** Door `@promontory/alertmanager/testing`. */
export { HttpReceiver, type ReceivedRequest } from './http-receiver.ts'
