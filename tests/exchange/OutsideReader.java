import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Hashtable;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.CipherInputStream;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.GCMParameters;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.RecipientOperator;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.DefaultSignedAttributeTableGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransAuthEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.InputAEADDecryptor;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/** A reader and writer of deliveries that shares nothing with ours but the standards. Keys are PKCS#8 DER. */
public final class OutsideReader {
    private static final BouncyCastleProvider BC = new BouncyCastleProvider();

    public static void main(String[] a) throws Exception {
        java.security.Security.addProvider(BC);
        switch (a[0]) {
            case "verify" -> verify(bytes(a[1]), bytes(a[2]), certificate(a[3]));
            case "decrypt" -> decrypt(bytes(a[1]), key(a[2], a[3]), Path.of(a[4]));
            case "sign" -> sign(bytes(a[1]), key(a[2], a[3]), certificate(a[3]), Path.of(a[4]));
            case "encrypt" -> encrypt(bytes(a[1]), certificate(a[2]), Path.of(a[3]));
            default -> throw new IllegalArgumentException(a[0]);
        }
    }

    private static void verify(byte[] signature, byte[] content, X509Certificate pinned) throws Exception {
        CMSSignedData signed = new CMSSignedData(new CMSProcessableByteArray(content), signature);
        if (signed.getSignerInfos().size() != 1) {
            throw new IllegalStateException("not one signer");
        }
        SignerInformation signer = signed.getSignerInfos().getSigners().iterator().next();
        if (!signer.verify(new JcaSimpleSignerInfoVerifierBuilder().setProvider(BC).build(pinned))) {
            throw new IllegalStateException("signature");
        }
    }

    private static void decrypt(byte[] sealed, PrivateKey key, Path target) throws Exception {
        RecipientInformation recipient =
                new CMSAuthEnvelopedData(sealed).getRecipientInfos().getRecipients().iterator().next();
        byte[] plain = recipient.getContent(key.getAlgorithm().equals("RSA")
                ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider(BC)
                : new KeyAgreeAuthEnvelopedRecipient(key).setProvider(BC));
        Files.write(target, plain);
    }

    private static void sign(byte[] content, PrivateKey key, X509Certificate certificate, Path target) throws Exception {
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256WITHRSAANDMGF1" : "SHA256withECDSA";
        byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
        Attribute named = new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2,
                new DERSet(new SigningCertificateV2(new ESSCertIDv2(digest))));
        Hashtable<ASN1ObjectIdentifier, Attribute> attributes = new Hashtable<>();
        attributes.put(named.getAttrType(), named);
        DefaultSignedAttributeTableGenerator all =
                new DefaultSignedAttributeTableGenerator(new AttributeTable(attributes));
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSignerInfoGeneratorBuilder(
                new JcaDigestCalculatorProviderBuilder().setProvider(BC).build())
                // BouncyCastle adds a fifth attribute that the package format does not have
                .setSignedAttributeGenerator(given -> all.getAttributes(given).remove(CMSAttributes.cmsAlgorithmProtect))
                .build(new JcaContentSignerBuilder(algorithm).setProvider(BC).build(key), certificate));
        generator.addCertificates(new JcaCertStore(List.of(certificate)));
        Files.write(target, generator.generate(new CMSProcessableByteArray(content), false).getEncoded());
    }

    private static void encrypt(byte[] content, X509Certificate certificate, Path target) throws Exception {
        CMSAuthEnvelopedDataGenerator generator = new CMSAuthEnvelopedDataGenerator();
        if (certificate.getPublicKey() instanceof ECPublicKey) {
            java.security.KeyPairGenerator pairs = java.security.KeyPairGenerator.getInstance("EC", BC);
            pairs.initialize(new java.security.spec.ECGenParameterSpec("P-256"));
            java.security.KeyPair once = pairs.generateKeyPair();
            generator.addRecipientInfoGenerator(new JceKeyAgreeRecipientInfoGenerator(
                    CMSAlgorithm.ECDH_SHA256KDF, once.getPrivate(), once.getPublic(), CMSAlgorithm.AES256_WRAP)
                    .addRecipient(certificate).setProvider(BC));
        } else {
            var oaep = new org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter().getAlgorithmIdentifier(
                    PKCSObjectIdentifiers.id_RSAES_OAEP,
                    new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
            generator.addRecipientInfoGenerator(
                    new JceKeyTransRecipientInfoGenerator(certificate, oaep).setProvider(BC));
        }
        var cipher = (OutputAEADEncryptor) new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM).setProvider(BC).build();
        Files.write(target, generator.generate(new CMSProcessableByteArray(content), cipher).getEncoded());
    }

    /** BouncyCastle 1.72 unwraps by key agreement but decrypts GCM after key transport only: the two joined. */
    private static final class KeyAgreeAuthEnvelopedRecipient extends JceKeyAgreeRecipient {
        KeyAgreeAuthEnvelopedRecipient(PrivateKey key) {
            super(key);
        }

        @Override
        public RecipientOperator getRecipientOperator(AlgorithmIdentifier wrap, AlgorithmIdentifier content,
                SubjectPublicKeyInfo sender, ASN1OctetString material, byte[] wrapped) throws CMSException {
            Cipher cipher;
            try {
                GCMParameters gcm = GCMParameters.getInstance(content.getParameters());
                cipher = Cipher.getInstance("AES/GCM/NoPadding", BC);
                cipher.init(Cipher.DECRYPT_MODE, extractSecretKey(wrap, content, sender, material, wrapped),
                        new GCMParameterSpec(gcm.getIcvLen() * 8, gcm.getNonce()));
            } catch (java.security.GeneralSecurityException fault) {
                throw new CMSException("cipher", fault);
            }
            return new RecipientOperator(new InputAEADDecryptor() {
                public AlgorithmIdentifier getAlgorithmIdentifier() {
                    return content;
                }

                public InputStream getInputStream(InputStream in) {
                    return new CipherInputStream(in, cipher);
                }

                public OutputStream getAADStream() {
                    return OutputStream.nullOutputStream();
                }

                public byte[] getMAC() {
                    return null; // it stands at the end of the stream, where GCM takes it
                }
            });
        }
    }

    private static byte[] bytes(String path) throws Exception {
        return Files.readAllBytes(Path.of(path));
    }

    private static X509Certificate certificate(String path) throws Exception {
        try (InputStream in = new ByteArrayInputStream(bytes(path))) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    private static PrivateKey key(String path, String certificate) throws Exception {
        String kind = certificate(certificate).getPublicKey().getAlgorithm();
        return KeyFactory.getInstance(kind, BC).generatePrivate(new PKCS8EncodedKeySpec(bytes(path)));
    }
}
