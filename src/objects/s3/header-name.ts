/** In lower case (RFC 9110 section 5.6.2): what came as a header is one, what stands for one in a query or a form can be anything. */
export const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
