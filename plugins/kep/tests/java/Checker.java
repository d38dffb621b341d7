import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.ua.DSTU4145Params;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.DSTU7564Digest;
import org.bouncycastle.crypto.digests.GOST3411Digest;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.signers.DSTU4145Signer;
import org.bouncycastle.jcajce.provider.asymmetric.util.ECUtil;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Says of every file "digest signature", one line a signer. A file "x.p7s" may have its document in "x.p7s.doc". */
public class Checker {
    public static void main(String[] paths) throws Exception {
        new BouncyCastleProvider();  // fills its table of keys
        for (String path : paths) {
            byte[] container = Files.readAllBytes(Path.of(path));
            Path apart = Path.of(path + ".doc");
            CMSSignedData cms = Files.exists(apart)
                ? new CMSSignedData(new CMSProcessableByteArray(Files.readAllBytes(apart)), container)
                : new CMSSignedData(container);
            for (SignerInformation signer : cms.getSignerInfos()) {
                System.out.println(Path.of(path).getFileName() + " " + check(cms, signer));
            }
        }
    }

    @SuppressWarnings("unchecked")
    static String check(CMSSignedData cms, SignerInformation signer) throws Exception {
        X509CertificateHolder certificate =
            (X509CertificateHolder) cms.getCertificates().getMatches(signer.getSID()).iterator().next();
        var info = certificate.getSubjectPublicKeyInfo();
        byte[] dke = DSTU4145Params.getInstance(ASN1Sequence.getInstance(info.getAlgorithm().getParameters())).getDKE();
        byte[] content = (byte[]) cms.getSignedContent().getContent();
        byte[] stated = ASN1OctetString.getInstance(
            signer.getSignedAttributes().get(CMSAttributes.messageDigest).getAttrValues().getObjectAt(0)).getOctets();
        byte[] computed = hash(signer.getDigestAlgOID(), content, dke);
        byte[] attributes = hash(signer.getEncryptionAlgOID(), signer.getEncodedSignedAttributes(), dke);

        byte[] signature = signer.getSignature();
        int half = signature.length / 2;
        BigInteger r = littleEndian(Arrays.copyOfRange(signature, 0, half));
        BigInteger s = littleEndian(Arrays.copyOfRange(signature, half, signature.length));
        DSTU4145Signer verifier = new DSTU4145Signer();
        verifier.init(false, (ECPublicKeyParameters) ECUtil.generatePublicKeyParameter(
            BouncyCastleProvider.getPublicKey(info)));
        return Arrays.equals(stated, computed) + " " + verifier.verifySignature(attributes, r, s);
    }

    static byte[] hash(String oid, byte[] data, byte[] dke) {
        Digest digest = switch (oid) {
            case "1.2.804.2.1.1.1.1.2.1", "1.2.804.2.1.1.1.1.3.1.1" -> new GOST3411Digest(expanded(dke));
            case "1.2.804.2.1.1.1.1.2.2.1", "1.2.804.2.1.1.1.1.3.6.1.1" -> new DSTU7564Digest(256);
            case "1.2.804.2.1.1.1.1.2.2.2", "1.2.804.2.1.1.1.1.3.6.2.1" -> new DSTU7564Digest(384);
            case "1.2.804.2.1.1.1.1.2.2.3", "1.2.804.2.1.1.1.1.3.6.3.1" -> new DSTU7564Digest(512);
            default -> throw new IllegalArgumentException(oid);
        };
        digest.update(data, 0, data.length);
        byte[] result = new byte[digest.getDigestSize()];
        digest.doFinal(result, 0);
        return result;
    }

    static byte[] expanded(byte[] dke) {
        byte[] box = new byte[128];
        for (int i = 0; i < 64; i++) {
            box[2 * i] = (byte) (dke[i] >> 4 & 15);
            box[2 * i + 1] = (byte) (dke[i] & 15);
        }
        return box;
    }

    static BigInteger littleEndian(byte[] octets) {
        for (int i = 0, j = octets.length - 1; i < j; i++, j--) {
            byte kept = octets[i];
            octets[i] = octets[j];
            octets[j] = kept;
        }
        return new BigInteger(1, octets);
    }
}
