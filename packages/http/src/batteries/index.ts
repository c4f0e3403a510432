/**
 * What web servers bring along: files and folders. Each is a function with a separate file; a program that
 * imports none of them loads none of them.
 */

export { fileResponse, type FileResponseInit } from './file-response.ts';
export { staticFiles, type StaticFilesOptions } from './static-files.ts';
