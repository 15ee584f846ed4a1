import { lockContract } from './contract.js';
import { dynamoDb } from './engines.js';

lockContract(dynamoDb);
