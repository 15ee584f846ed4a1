import { lockContract } from './contract.js';
import { mysql } from './engines.js';

lockContract(mysql);
