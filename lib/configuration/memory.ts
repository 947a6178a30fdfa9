/** Memory of the function that receives delivery events, in MB. */
export const EVENTS_MEMORY_MB = 256;
