export { type CertificateFiles, makeAuthority, type OwnAuthority } from './own-authority.ts';
export { makeCertificate, type OwnCertificate } from './own-certificate.ts';
export { type Address, type Certificate, TcpProxy } from './tcp-proxy.ts';
