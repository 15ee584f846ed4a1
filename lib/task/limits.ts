/**
 * Bytes of UTF-8 that a task's output may have.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html} "Maximum
 * input or output size for a task, state, or execution"
 */
export const MAX_OUTPUT_BYTES = 262_144;

/**
 * Characters that the `error` of SendTaskFailure may have. AWS does not say which: UTF-16 units
 * count astral characters twice, so that a text within the limit is within it either way.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html}
 */
export const MAX_ERROR_LENGTH = 256;

/**
 * Characters that the `cause` of SendTaskFailure may have, counted as those of `error`.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html}
 */
export const MAX_CAUSE_LENGTH = 32_768;
