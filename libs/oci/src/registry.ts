/** Everything a worker needs to fetch blobs of one repository; plain data. */
export interface RegistryAccess { readonly registry: string; readonly repository: string }
