// java Client.java EMAIL: the JDK's HttpClient.
import java.io.FileInputStream;
import java.net.*;
import java.net.http.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;

public class Client {
    public static void main(String[] arguments) throws Exception {
        // By default the JDK sends no Basic credentials into a tunnel; without this line every call ends with 407.
        System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");

        var proxy = URI.create(System.getenv("HTTPS_PROXY"));
        var credentials = proxy.getUserInfo().split(":", 2);
        var client = HttpClient.newBuilder()
            .proxy(ProxySelector.of(new InetSocketAddress(proxy.getHost(), proxy.getPort())))
            .authenticator(new Authenticator() {
                @Override protected PasswordAuthentication getPasswordAuthentication() {
                    return getRequestorType() == RequestorType.PROXY
                        ? new PasswordAuthentication(credentials[0], credentials[1].toCharArray()) : null;
                }
            })
            .sslContext(trusting(System.getenv("WAYBILL_CA")))
            .build();

        var contact = "{\"properties\": {\"email\": \"" + arguments[0] + "\", \"firstname\": \"Anna\", \"ssn\": \"536-90-4399\"}}";
        var request = HttpRequest.newBuilder(URI.create("https://api.hubapi.com/crm/v3/objects/contacts"))
            .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(contact)).build();
        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.headers().firstValue("Waybill-Decision").orElse("") + " " + answer.body());
    }

    /** The file that `waybill ca show` printed, as the only roots. */
    static SSLContext trusting(String path) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (var file = new FileInputStream(path)) {
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                store.setCertificateEntry("waybill-" + store.size(), certificate);
            }
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
