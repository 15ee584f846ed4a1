import Module, { register } from 'node:module';

/**
 * For `node --import`: makes `@opentelemetry/*` as good as not installed, for `import` and for
 * `require`, while it stays where it is for everybody else.
 */
const isPeer = (name) => name.startsWith('@opentelemetry/');

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (isPeer(name))
    throw Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  return resolveFilename.call(this, name, ...rest);
};

const hooks = `
  const isPeer = ${isPeer};
  export async function resolve(name, context, next) {
    if (!isPeer(name)) return next(name, context);
    throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: 'ERR_MODULE_NOT_FOUND' });
  }`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
