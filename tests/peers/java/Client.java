// SPDX-License-Identifier: Apache-2.0
import java.io.StringReader;
import java.io.StringWriter;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.Arrays;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/** Says whatever the JDBC driver can say to a server, and prints all that it hears. */
public class Client {
    interface Step {
        void run() throws Exception;
    }

    static Connection connection;

    public static void main(String[] words) throws Exception {
        connection = open();
        ask("create", "create table item (id int primary key, name text, price numeric)");
        ask("many", "insert into item values (1, 'a', 1.5); select * from item; select 2 as two");
        ask("many fail", "insert into item values (2); insert into item values (1)");
        ask("types", "select null as n, true as b, '{1,2}'::int[] as a, now() > '2020-01-01' as t");
        ask("wrong", "select * from missing");
        ask("notice", "do $$ begin raise notice 'hear'; end $$");
        step("prepared", Client::prepared);
        step("batches", Client::batches);
        step("copies", Client::copies);
        step("portals", Client::portals);
        step("savepoints", Client::savepoints);
        step("cancellation", Client::cancellation);
        step("keys", Client::keys);
        step("notifications", Client::notifications);
        ask("drop", "drop table item");
        connection.close();
    }

    static Connection open() throws SQLException {
        return DriverManager.getConnection(System.getenv("JDBC_DATABASE_URL"));
    }

    static void step(String label, Step step) throws Exception {
        try {
            step.run();
        } catch (SQLException error) {
            fail(label, error);
        }
    }

    static void fail(String label, SQLException error) {
        for (SQLException next = error; next != null; next = next.getNextException()) {
            System.out.println(label + ": " + next.getSQLState() + " " + next.getMessage());
            if (next instanceof PSQLException e && e.getServerErrorMessage() != null) {
                System.out.println("  " + e.getServerErrorMessage().getDetail());
            }
        }
    }

    static void ask(String label, String sql) throws Exception {
        step(label, () -> {
            try (Statement statement = connection.createStatement()) {
                boolean rows = statement.execute(sql);
                while (rows || statement.getUpdateCount() >= 0) {
                    if (rows) show(label, statement.getResultSet());
                    else System.out.println(label + ": " + statement.getUpdateCount());
                    rows = statement.getMoreResults();
                }
                for (SQLWarning w = statement.getWarnings(); w != null; w = w.getNextWarning()) {
                    System.out.println(label + ": " + w.getSQLState() + " " + w.getMessage());
                }
            }
        });
    }

    static void show(String label, ResultSet rows) throws SQLException {
        var about = rows.getMetaData();
        while (rows.next()) {
            var text = new StringBuilder(label + ":");
            for (int i = 1; i <= about.getColumnCount(); i++) {
                text.append(' ').append(about.getColumnName(i)).append('/')
                    .append(about.getColumnTypeName(i)).append('=').append(rows.getString(i));
            }
            System.out.println(text);
        }
    }

    static void prepared() throws SQLException {
        String sql = "select name, price from item where id = ?";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int round = 0; round < 8; round++) {
                statement.setInt(1, 1);
                show("prepared", statement.executeQuery());
            }
        }
        // what a prepared statement gives back changes under it
        try (PreparedStatement statement = connection.prepareStatement("select * from item")) {
            for (int round = 0; round < 8; round++) {
                if (round == 6) ask2("alter table item add note text");
                show("changed", statement.executeQuery());
            }
        }
    }

    static void ask2(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static void batches() throws SQLException {
        String sql = "insert into item values (?, ?)";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int n = 100; n < 800; n++) {
                statement.setInt(1, n);
                statement.setString(2, "name " + n);
                statement.addBatch();
            }
            System.out.println("batch: " + Arrays.stream(statement.executeBatch()).sum());
            for (int n : new int[] {900, 901, 100, 902}) {
                statement.setInt(1, n);
                statement.setString(2, "again");
                statement.addBatch();
            }
            try {
                statement.executeBatch();
            } catch (BatchUpdateException error) {
                System.out.println("batch: " + Arrays.toString(error.getUpdateCounts()));
                fail("batch", error);
            }
        }
        try (Statement statement = connection.createStatement()) {
            statement.addBatch("create table other (a int)");
            statement.addBatch("insert into other select generate_series(1, 10)");
            statement.addBatch("alter table other alter a type bigint");
            statement.addBatch("drop table other");
            System.out.println("mixed: " + Arrays.toString(statement.executeBatch()));
        }
        ask2("select count(*) from item");
    }

    static void copies() throws Exception {
        var copy = ((PGConnection) connection).getCopyAPI();
        var lines = new StringBuilder();
        for (int n = 10000; n < 15000; n++) lines.append(n).append("\tname\n");
        String into = "copy item (id, name) from stdin";
        System.out.println("in: " + copy.copyIn(into, new StringReader(lines.toString())));
        var out = new StringWriter();
        long rows = copy.copyOut("copy (select * from item order by id) to stdout", out);
        System.out.println("out: " + rows + " " + out.toString().length());
        try {
            copy.copyIn(into, new StringReader("1\tagain\n"));
        } catch (SQLException error) {
            fail("copy fails", error);
        }
    }

    static void portals() throws SQLException {
        connection.setAutoCommit(false);
        String sql = "select id from item where id >= ? order by id";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setFetchSize(100);
            statement.setInt(1, 10000);
            int count = 0;
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next() && count < 1050) {
                    count++;
                    if (count == 150) ask2("update item set name = 'read' where id = 10000");
                }
                System.out.println("portal: " + count + " " + rows.getInt(1));
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    static void savepoints() throws SQLException {
        connection.setAutoCommit(false);
        String sql = "insert into item values (?, 'saved')";
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int n : new int[] {20000, 20000, 20001}) {
                statement.setInt(1, n);
                try {
                    System.out.println("saved: " + statement.executeUpdate());
                } catch (SQLException error) {
                    fail("saved", error);
                }
            }
        }
        try {
            var savepoint = connection.setSavepoint("here");
            ask2("delete from item where id < 200");
            connection.rollback(savepoint);
        } catch (SQLException error) {
            fail("savepoint", error);
        }
        try {
            connection.commit();
        } catch (SQLException error) {
            fail("commit", error);
            connection.rollback();
        }
        connection.setAutoCommit(true);
        try (Statement statement = connection.createStatement()) {
            show("kept", statement.executeQuery("select count(*), sum(id) from item"));
        }
    }

    static void cancellation() throws Exception {
        try (Statement statement = connection.createStatement()) {
            var canceller = new Thread(() -> {
                try {
                    Thread.sleep(300);
                    statement.cancel();
                } catch (Exception error) {
                    System.out.println("cancel: " + error);
                }
            });
            canceller.start();
            try {
                statement.execute("select pg_sleep(30)");
            } catch (SQLException error) {
                fail("cancelled", error);
            }
            canceller.join();
        }
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            statement.execute("select pg_sleep(30)");
        } catch (SQLException error) {
            fail("timeout", error);
        }
    }

    static void keys() throws SQLException {
        String sql = "insert into item values (?, 'key')";
        int kind = Statement.RETURN_GENERATED_KEYS;
        try (PreparedStatement statement = connection.prepareStatement(sql, kind)) {
            for (int n = 30000; n < 30003; n++) {
                statement.setInt(1, n);
                statement.addBatch();
            }
            statement.executeBatch();
            show("keys", statement.getGeneratedKeys());
        }
        var about = connection.getMetaData();
        show("tables", about.getColumns(null, "public", "item", "id"));
    }

    static void notifications() throws SQLException {
        ask2("listen news");
        try (Connection other = open(); Statement statement = other.createStatement()) {
            statement.execute("notify news, 'something'");
        }
        for (var heard : ((PGConnection) connection).getNotifications(5000)) {
            System.out.println("heard: " + heard.getName() + " " + heard.getParameter());
        }
    }
}
