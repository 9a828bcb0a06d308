// Preloaded into Node: the index of the provider's bindings requires 2,200 modules, one for each resource type.
// Here each `require('./x')` in that one file becomes a proxy that loads the module when it is first used.
'use strict';
const Module = require('node:module');
// Seen as node_modules/@cdktf/provider-aws/lib/index.js (@cdktn of CDK Terrain), or in jsii's cache with version and checksum between.
const index = /[\\/]@cdkt[fn][\\/]provider-aws[\\/](?:[^\\/]+[\\/][0-9a-f]{64}[\\/])?lib[\\/]index\.js$/;
const plain = Module.prototype.require;

Module.prototype.require = function (id) {
  if (!id.startsWith('./') || !index.test(this.filename ?? '')) return plain.call(this, id);
  let loaded;
  const load = () => (loaded ??= plain.call(this, id));
  return new Proxy({}, {
    // TypeScript's `import * as` asks each module whether it is one; all of them are.
    get: (_, name) => name === '__esModule' || load()[name],
    has: (_, name) => name in load(),
    ownKeys: () => Reflect.ownKeys(load()),
    getOwnPropertyDescriptor: (_, name) => {
      const found = Reflect.getOwnPropertyDescriptor(load(), name);
      return found && { ...found, configurable: true };
    },
  });
};
