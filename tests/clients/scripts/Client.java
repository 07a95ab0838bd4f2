import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** What Java makes of an https server: java Client.java BASE. Prints a line for each thing that went well. */
class Client {
    public static void main(String[] arguments) throws Exception {
        String base = arguments[0];
        // It asks for HTTP/2 first (ALPN) and takes HTTP/1.1.
        HttpClient client = HttpClient.newHttpClient();
        var got = client.send(HttpRequest.newBuilder(URI.create(base + "/name")).build(), BodyHandlers.ofString());
        System.out.println("get " + got.statusCode() + " " + got.body() + " " + got.version()
            + " " + got.sslSession().get().getProtocol());

        var post = HttpRequest.newBuilder(URI.create(base + "/echo"))
            .POST(HttpRequest.BodyPublishers.ofString("x".repeat(100_000))).build();
        System.out.println("post " + client.send(post, BodyHandlers.ofString()).body().length());

        var echoed = new CompletableFuture<String>();
        var listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
                echoed.complete(data.toString());
                return null;
            }

            @Override
            public void onError(WebSocket socket, Throwable error) {
                echoed.completeExceptionally(error);
            }
        };
        URI at = URI.create(base.replaceFirst("^https", "wss") + "/ws");
        WebSocket socket = client.newWebSocketBuilder().buildAsync(at, listener).get(20, TimeUnit.SECONDS);
        socket.sendText("hello", true);
        System.out.println("wss " + echoed.get(20, TimeUnit.SECONDS));
        System.exit(0);
    }
}
