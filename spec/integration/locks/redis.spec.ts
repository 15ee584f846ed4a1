import { lockContract } from './contract.js';
import { redisInJavaScript, redis } from './engines.js';

lockContract(redisInJavaScript);
lockContract(redis);
