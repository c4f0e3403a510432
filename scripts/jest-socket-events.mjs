// For the Jest project that runs the tests of sockets a second time, with bytes that come as `'data'` events in place of
// the shared read buffer (packages/core/src/net/socket/shared-buffer.ts).
process.env.AWAITIO_SOCKET_READS = 'events';
